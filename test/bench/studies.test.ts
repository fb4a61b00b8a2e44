/** The runner's list against the files, and how studies take their options. */
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { studyOf } from "../../bench/line.js";
import { loadStudy, studyNames } from "../../bench/studies/index.js";
import { caseOf, study as opStudy } from "../../bench/studies/op.js";
import { commandOf, type Study } from "../../bench/study.js";
import { attributesOf, opNames } from "../../bench/work/op-attributes.js";
import { commandHelp } from "../../src/cli/help.js";
import { parse } from "../../src/cli/parse.js";
import { costs } from "../../src/ops/cost/index.js";

const folder = join(import.meta.dirname, "../../bench/studies");

describe("studies", () => {
  it("are all listed, under the names of their files", async () => {
    const files = readdirSync(folder).map((file) => basename(file, ".ts"));
    expect([...studyNames].sort()).toEqual(files.filter((name) => name !== "index").sort());
    for (const name of studyNames) expect((await loadStudy(name)).name).toBe(name);
  });

  it.each(studyNames)("%s: help from its table, examples that parse, unknown options named", async (name) => {
    const study = await loadStudy(name);
    const command = commandOf(study);
    expect(study.help).not.toMatch(/\n|\.$/);
    const help = commandHelp(command, 10_000);
    for (const text of [study.help, `bench ${name}`, ...study.examples]) expect(help).toContain(text);
    expect(study.examples.length).toBeGreaterThan(0);
    for (const example of study.examples) {
      const [first, ...words] = example.split(" ");
      expect(first).toBe(name);
      expect(() => parse(command, words)).not.toThrow();
    }
    expect(() => parse(command, ["--no-such-option", "1"])).toThrow(`bench ${name}: unknown option --no-such-option`);
  });
});

describe("a line", () => {
  it.each([
    [[], { name: "usual", rest: [] }],
    [["--quick"], { name: "usual", rest: ["--quick"] }],
    [["step", "--profile"], { name: "step", rest: ["--profile"] }],
    [["--op", "relu", "--shape", "4"], { name: "op", rest: ["--op", "relu", "--shape", "4"] }],
    [["--quick", "--backend", "gpu", "--batch", "2"], { name: "gpu", rest: ["--quick", "--batch", "2"] }],
    [["--backend=gpu"], { name: "gpu", rest: [] }],
    [["--backend", "wasm", "--quick"], { name: "usual", rest: ["--quick"] }],
  ])("%j names its study", (args, expected) => {
    expect(studyOf(args)).toEqual(expected);
  });

  it("that names none is refused with the nearest", () => {
    expect(() => studyOf(["kernel"])).toThrow("there is no study kernel, the nearest is kernels");
    expect(() => studyOf(["--backend", "cuda"])).toThrow("--backend is cuda, expected wasm or gpu");
  });
});

describe("op", () => {
  const caseOfLine = (line: string) => {
    const { values, words } = parse(commandOf(opStudy as unknown as Study), line.split(" "));
    return caseOf(values as unknown as Parameters<typeof caseOf>[0], words);
  };

  it("knows the attributes of every op", () => {
    expect([...opNames].sort()).toEqual(Object.keys(costs).sort());
  });

  it("takes shapes and attributes from a line, and counts by the table of costs", () => {
    const { name, work } = caseOfLine("--op conv2d --shape 2x8x8x4 3x3x4x6 --padding 1 --stride 2x1");
    expect(name).toBe("conv2d 2x8x8x4 3x3x4x6 (stride, padding given)");
    // 4 rows of outputs of which one lacks a row of taps, 8 columns of which two lack one
    expect(work.flops).toBe(2 * 2 * (4 * 3 - 1) * (8 * 3 - 2) * 4 * 6);
    expect(caseOfLine("--op matmul --shape 8x32x32,32x32").work.flops).toBe(524_288);
    expect(caseOfLine("--op sum --shape 4x5 --axes 0x1").work).toMatchObject({ flops: 20, bytes: 84 });
    expect(caseOfLine("--op transpose --shape 4x5 --perm 1x0 --dtype uint8").work).toMatchObject({
      flops: 0,
      bytes: 40,
    });
    expect(caseOfLine("--op randn --to-shape 10").work.bytes).toBe(40);
  });

  it.each([
    ["--op conv3d --shape 1", "there is no op conv3d, the nearest is conv2d"],
    ["--shape 1", "no op, expected --op NAME"],
    ["--op relu", "relu has no input, expected --shape"],
    ["--op relu --shape 2xy", "--shape: y, expected sizes such as 32x56x56x64"],
    ["--op relu --shape 2 --groups 3", "relu has no attribute groups, expected none"],
    ["--op softmax --shape 2x3", "softmax needs the attribute axis"],
    ["--op matmul --shape 2x3 4x5", "matmul: a [2, 3] has k = 3, b [4, 5] has k = 4"],
    ["--op conv2d --shape 1 --stride 1x2x3", "expected one number or two"],
    ["--op exp --shape 2 --dtype int32", "exp: operands are int32"],
  ])("refuses %s", (line, message) => {
    expect(() => caseOfLine(line)).toThrow(message);
  });

  it("leaves what is not given as it is usual", () => {
    expect(attributesOf("maxPool2d", { padding: [1, 1] })).toEqual({
      kernelSize: [2, 2],
      stride: [2, 2],
      padding: [1, 1],
      dilation: [1, 1],
      ceilMode: false,
    });
  });
});
