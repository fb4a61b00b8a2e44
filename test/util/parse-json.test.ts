/** JSON within the budget, and files before they are read. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { getBudget, setBudget } from "../../src/util/budget.js";
import { clipped, shownInError } from "../../src/util/clipped.js";
import { DataError } from "../../src/util/errors.js";
import { parseJson } from "../../src/util/parse-json.js";
import { readTextWithin, readWithin } from "../../src/util/read-within.js";

const usual = getBudget();
afterEach(() => {
  setBudget(usual);
});

const notJson = (why: string) => new SyntaxError(why);
const parse = (text: string) => {
  const fromText = parseJson(text, "x.json", DataError, notJson);
  expect(parseJson(new TextEncoder().encode(text), "x.json", DataError, notJson)).toEqual(fromText);
  return fromText;
};

describe("parseJson", () => {
  it.each([
    '{"a":[1,{"b":null}],"c":"[[[[[[["}',
    '"\\\\"',
    '["\\"[[[[[", "\\\\", "{{{{{"]',
    "[[], [], [], []]",
    " 7 ",
  ])("%s is what JSON.parse makes of it", (text) => {
    setBudget({ depth: 4 });
    expect(parse(text)).toEqual(JSON.parse(text));
  });
  it.each([
    ["depth", { depth: 3 }, "[[[[1]]]]", "x.json: 4 levels of nesting, expected at most 3"],
    ["objects as lists", { depth: 3 }, '{"a":[{"b":[1]}]}', "x.json: 4 levels of nesting"],
    ["values", { jsonValues: 10 }, "[1,2,3,4,5,6,7,8]", "x.json: at least 11 values in JSON, expected at most 10"],
    ["names", { jsonValues: 10 }, '{"a":1,"b":2,"c":3,"d":4}', "x.json: at least 11 values in JSON"],
    ["lists as four", { jsonValues: 10 }, "[[],[]]", "x.json: at least 13 values in JSON"],
    ["length", { jsonBytes: 4 }, "[1,2]", "x.json: 5 bytes of JSON, expected at most 4"],
  ])("refuses %s above the budget", (_, budget, text, message) => {
    setBudget(budget);
    expect(() => parse(text)).toThrow(message);
  });
  it("hands on why it is no JSON, and bytes that are no text", () => {
    expect(() => parse("[1,")).toThrow(SyntaxError);
    expect(() => parseJson(Uint8Array.of(0x22, 0xff, 0x22), "x", DataError, notJson)).toThrow(SyntaxError);
  });
  it("takes what is a million levels deep for what it is, without a stack", () => {
    expect(() => parse("[".repeat(1e6))).toThrow("101 levels of nesting");
  });
});

describe("readWithin", () => {
  const folder = mkdtempSync(join(tmpdir(), "tensorone-read-"));
  const path = join(folder, "x");
  afterEach(() => {
    rmSync(path, { force: true });
  });
  it.each([0, 1, 1 << 20, (1 << 20) + 1, 3_000_000])("gives all of %i bytes", (size) => {
    const content = Uint8Array.from({ length: size }, (_, i) => (i * 31) >>> 4);
    writeFileSync(path, content);
    const seen: number[] = [];
    const inspect = (head: Uint8Array, tail: Uint8Array, whole: number) => seen.push(head.length, tail.at(-1)!, whole);
    const found = readWithin(path, "fileBytes", { fault: DataError, inspect });
    expect(Buffer.compare(found, content)).toBe(0);
    expect(seen).toEqual(size === 0 ? [] : [Math.min(size, 1 << 20), content.at(-1), size]);
  });
  it("refuses before it reads: too much, a device, a folder, what inspect refuses", () => {
    writeFileSync(path, "12345");
    setBudget({ textBytes: 4 });
    expect(() => readTextWithin(path, "textBytes", DataError)).toThrow(`${path}: 5 bytes of text, expected at most 4`);
    setBudget(usual);
    expect(readTextWithin(path, "textBytes", DataError)).toBe("12345");
    expect(() => readTextWithin("/dev/null", "textBytes", DataError)).toThrow("/dev/null: a device, expected a file");
    expect(() => readTextWithin(folder, "textBytes", DataError)).toThrow("EISDIR");
    const inspect = () => {
      throw new DataError("no");
    };
    expect(() => readWithin(path, "fileBytes", { fault: DataError, inspect })).toThrow("no");
  });
  it.skipIf(process.platform !== "linux")("reads what says that it has no size", () => {
    expect(readTextWithin("/proc/self/status", "textBytes", DataError)).toContain("VmHWM");
  });
});

describe("what errors show of a file", () => {
  it.each([
    ["text", '"text"'],
    [["deep"], "a list of 1"],
    [{}, "an object"],
    [null, "null"],
    [undefined, "undefined"],
    [10n ** 100n, `1${"0".repeat(79)}…`],
  ])("%s", (value, shown) => {
    expect(shownInError(value)).toBe(shown);
  });
  it("is one line of bounded length", () => {
    expect(clipped("x".repeat(1000))).toBe(`${"x".repeat(80)}…`);
    expect(shownInError("x".repeat(1e6)).length).toBeLessThan(100);
  });
});
