import { expect, test } from "vitest";
import { MersenneTwister } from "../../src/data/random.js";
import { UsageError } from "../../src/util/errors.js";
import { parseJsonLines } from "../../src/util/json-lines.js";

const read = (text: string) => parseJsonLines(text, "f.json");

/** A random value, four containers deep at most. */
function randomJson(random: MersenneTwister, depth = 0): unknown {
  const pick = (count: number) => Math.floor(random.double() * count);
  const kinds = depth < 4 ? 7 : 5;
  const count = pick(4);
  const text = () =>
    Array.from({ length: pick(5) }, () => ['"', "\\", "a", "\n", "é", "\u2028", "{"][pick(7)]).join("");
  switch (pick(kinds)) {
    case 0:
      return null;
    case 1:
      return random.double() < 0.5;
    case 2:
      return Math.floor(random.double() * 2000 - 1000);
    case 3:
      return (random.double() - 0.5) * 10 ** (pick(40) - 20);
    case 4:
      return text();
    case 5:
      return Array.from({ length: count }, () => randomJson(random, depth + 1));
    default:
      return Object.fromEntries(Array.from({ length: count }, (_, i) => [text() + i, randomJson(random, depth + 1)]));
  }
}

test("reads what JSON.parse reads, however it is indented", () => {
  const random = new MersenneTwister(7);
  for (let i = 0; i < 300; i++) {
    const text = JSON.stringify(randomJson(random), null, i % 3 === 0 ? 2 : i % 3 === 1 ? "\t" : "");
    expect(read(text).value).toEqual(JSON.parse(text));
  }
});

test("refuses what JSON.parse refuses: every text with one sign taken out or doubled is read alike or refused by both", () => {
  const text = '{"a": [1, -2.5e3, "x\\n", {"b": null}], "c": true}';
  for (let i = 0; i < text.length; i++)
    for (const other of [text.slice(0, i) + text.slice(i + 1), text.slice(0, i) + text[i] + text.slice(i)]) {
      let value: unknown;
      try {
        value = JSON.parse(other);
      } catch {
        expect(() => read(other), other).toThrow(UsageError);
        continue;
      }
      expect(read(other).value, other).toEqual(value);
    }
});

test("knows the line of every part, or of what it would stand in", () => {
  const { lineOf } = read('\n{\n "a": {\n  "b":\n   [1,\n 2, {"c": 3}]\n }\n}');
  const lines = ["", "a", "a.b", "a.b[0]", "a.b[1]", "a.b[2].c", "a.x", "y", "a.b[7].z"].map(lineOf);
  expect(lines).toEqual([2, 3, 4, 5, 6, 6, 3, 2, 4]);
});

test.each([
  ["", "f.json:1: the end, expected a value"],
  ['{\n"a" 1}', 'f.json:2: 1, expected ":" after "a"'],
  ['{"a": 1\n"b": 2}', 'f.json:2: "b", expected "," or "}"'],
  ['{"a": 1,\n}', 'f.json:2: }, expected a name in double quotes, or "}" without a comma before it'],
  ['{"a": tru}', "f.json:1: tru, expected a value"],
  ["{'a': 1}", "f.json:1: 'a', expected a name in double quotes"],
  ['{"a": 1,\n\n"a": 2}', 'f.json:3: "a", expected each name once'],
  ["{} x", "f.json:1: x, expected the end of the file"],
  ["[".repeat(200), "f.json:1: [, expected at most 100 containers"],
  ['{"a": "x', 'f.json:1: "x, expected a value'],
])("%j: line, what came, what was expected", (text, message) => {
  expect(() => read(text)).toThrow(message);
});

test("takes a megabyte of lines at once", () => {
  const rows = Array.from({ length: 60_000 }, (_, i) => `  "row${i}": ${i}`);
  const { value, lineOf } = read(`{\n${rows.join(",\n")}\n}`);
  expect(Object.keys(value as object)).toHaveLength(60_000);
  expect([lineOf("row0"), lineOf("row59999")]).toEqual([2, 60_001]);
});

test("a field may be called as what every object has", () => {
  const { value } = read('{"__proto__": {"a": 1}, "constructor": 2}');
  expect(Object.keys(value as object)).toEqual(["__proto__", "constructor"]);
});
