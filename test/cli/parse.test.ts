import { describe, expect, test } from "vitest";
import { defineCommand } from "../../src/cli/command.js";
import {
  choice,
  flag,
  integer,
  numberList,
  optionalFile,
  positive,
  repeated,
  text,
  textOrTexts,
} from "../../src/cli/options.js";
import { parse } from "../../src/cli/parse.js";
import { type TensoroneError, UsageError } from "../../src/util/errors.js";

const command = defineCommand({
  name: "grow",
  summary: "Grows",
  options: {
    maxSteps: integer({ help: "steps", max: 100 }),
    lr: positive({ help: "rate", default: 0.1 }),
    seed: integer({ help: "seed", min: 0, default: 0 }),
    out: text({ help: "folder", placeholder: "DIR" }),
    kind: choice(["wasm", "reference"], { help: "kind", default: "wasm" }),
    resume: optionalFile({ help: "go on" }),
    picture: text({ help: "picture", placeholder: "FILE.png" }),
    force: flag({ help: "force" }),
    milestones: numberList({ help: "epochs" }),
    word: repeated(text({ help: "words" })),
  },
  examples: ["grow"],
  run: async () => ({ json: null }),
});

const withWords = { ...command, positionals: { names: ["IN", "OUT"] } };
const values = (...args: string[]) => parse(command, args).values;

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as TensoroneError).summary;
  }
  throw new Error("was accepted");
}

test("an option that may be repeated gives a text, or all of them in order", () => {
  const many = defineCommand({
    name: "grow",
    summary: "Grows",
    options: { data: textOrTexts({ help: "folder", placeholder: "DIR" }) },
    examples: ["grow"],
    run: async () => ({ json: null }),
  });
  const dataOf = (...args: string[]) => parse(many, args).values.data;
  expect(dataOf()).toBeUndefined();
  expect(dataOf("--data", "a")).toBe("a");
  expect(dataOf("--data", "b", "--data=a", "--data", "b")).toEqual(["b", "a", "b"]);
});

describe("what is understood", () => {
  test("defaults", () => {
    expect(values()).toEqual({
      maxSteps: undefined,
      lr: 0.1,
      seed: 0,
      out: undefined,
      kind: "wasm",
      resume: undefined,
      picture: undefined,
      force: false,
      milestones: undefined,
      word: [],
    });
  });

  test.each([
    [["--max-steps", "7"], { maxSteps: 7 }],
    [["--max-steps=7"], { maxSteps: 7 }],
    [["--max-steps", "7", "--max-steps", "8"], { maxSteps: 8 }],
    [["--lr", "1e-3"], { lr: 0.001 }],
    [["--out", "a folder"], { out: "a folder" }],
    [["--out=--odd"], { out: "--odd" }],
    [["--kind", "reference"], { kind: "reference" }],
    [["--force"], { force: true }],
    [["--milestones", "3,4.5, 9"], { milestones: [3, 4.5, 9] }],
    [["--resume"], { resume: true }],
    [["--resume", "--force"], { resume: true, force: true }],
    [["--resume", "x.safetensors", "--force"], { resume: "x.safetensors", force: true }],
    [["--word", "b", "--force", "--word=a=1"], { word: ["b", "a=1"] }],
    [["--resume=x.safetensors"], { resume: "x.safetensors" }],
  ])("%j", (args, expected) => {
    expect(values(...args)).toMatchObject(expected);
  });

  test("words, also after --", () => {
    expect(parse(withWords, ["a", "--force", "b"]).words).toEqual(["a", "b"]);
    expect(parse(withWords, ["a", "--", "--b"]).words).toEqual(["a", "--b"]);
    expect(parse({ ...withWords, positionals: { names: ["IMAGE"], isRepeated: true } }, ["a", "b"]).words).toEqual([
      "a",
      "b",
    ]);
  });
});

describe("what is refused, with what came and what was expected", () => {
  test.each([
    [["--max-step", "7"], "grow: unknown option --max-step, the nearest is --max-steps"],
    [["--max_steps", "7"], "grow: unknown option --max_steps, the nearest is --max-steps"],
    [["--sede=1"], "grow: unknown option --sede, the nearest is --seed"],
    [["--replicas", "8"], "grow: unknown option --replicas"],
    [["-q"], "grow: unknown option -q"],
    [["--max-steps"], "grow: --max-steps: no value, expected a whole number from 1 to 100"],
    [["--max-steps", "--force"], "grow: --max-steps: no value before --force, expected a whole number from 1 to 100"],
    [["--milestones", "3,2"], "grow: --milestones: 3,2, expected a list of rising numbers such as 30,60,80"],
    [["--milestones", "3,,4"], "grow: --milestones: 3,,4, expected a list of rising numbers such as 30,60,80"],
    [["--milestones", "-1"], "grow: --milestones: -1, expected a list of rising numbers such as 30,60,80"],
    [["--lr"], "grow: --lr: no value, expected a number above 0 such as 0.1"],
    [["--out"], "grow: --out: no value, expected a folder"],
    [["--kind"], "grow: --kind: no value, expected one of wasm, reference"],
    [["--picture="], "grow: --picture: an empty value, expected a file that ends in .png"],
    [["--max-steps", "many"], "grow: --max-steps: many, expected a whole number from 1 to 100"],
    [["--max-steps", "1.5"], "grow: --max-steps: 1.5, expected a whole number from 1 to 100"],
    [["--max-steps", "0"], "grow: --max-steps: 0, expected a whole number from 1 to 100"],
    [["--max-steps="], "grow: --max-steps: an empty value, expected a whole number from 1 to 100"],
    [["--seed", "-1"], "grow: --seed: -1, expected a whole number of at least 0"],
    [["--lr", "-0.1"], "grow: --lr: -0.1, expected a number above 0 such as 0.1"],
    [["--lr", "fast"], "grow: --lr: fast, expected a number above 0 such as 0.1"],
    [["--lr", "Infinity"], "grow: --lr: Infinity, expected a number above 0 such as 0.1"],
    [["--out="], "grow: --out: an empty value, expected a folder"],
    [["--kind", "gpu"], "grow: --kind: gpu, expected one of wasm, reference"],
    [["--force=yes"], "grow: --force: the value yes, expected none"],
    [["extra"], 'grow: unexpected "extra", expected only options'],
  ])("%j", (args, message) => {
    expect(refusal(() => values(...args))).toBe(message);
  });

  test("a value that is missing comes with one that would do, or with the way to write a text that looks like an option", () => {
    expect(() => values("--max-steps")).toThrow(/hint: such as --max-steps 10$/);
    expect(() => values("--seed")).toThrow(/hint: such as --seed 0$/);
    expect(() => values("--kind")).toThrow(/hint: such as --kind wasm$/);
    expect(() => values("--out", "--force")).toThrow(/hint: --out=--force takes a text that begins so$/);
  });

  test("a choice names the nearest", () => {
    expect(() => values("--kind", "referense")).toThrow(/did you mean reference\?/);
  });

  test("too few and too many words", () => {
    expect(refusal(() => parse(withWords, ["a"]))).toBe("grow: no OUT, expected IN OUT");
    expect(refusal(() => parse(withWords, ["a", "b", "c"]))).toBe('grow: unexpected "c", expected IN OUT');
  });
});
