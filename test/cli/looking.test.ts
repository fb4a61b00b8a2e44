/**
 * Looking at a model on the command line: eval's figures and files, for one process and for two; predict, explain and features on
 * folders, lists and bad files; arrays that NumPy reads.
 */
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import "../../src/index.js";
import { evaluation } from "../../src/cli/commands/eval.js";
import { explain } from "../../src/cli/commands/explain.js";
import { features } from "../../src/cli/commands/features.js";
import { predict } from "../../src/cli/commands/predict.js";
import { flagOf } from "../../src/cli/options.js";
import { decodeImage } from "../../src/data/codecs/index.js";
import { createModel } from "../../src/models/index.js";
import { saveModelFile } from "../../src/train/checkpoints/model-file.js";
import { packageRoot, tensorone } from "./spawn.js";

const demo = join(packageRoot, "demo", "fashion-mnist", "val");
const python = process.env.TORCH_PYTHON ?? "/usr/bin/python3";
const hasNumpy = spawnSync(python, ["-c", "import numpy"]).status === 0;
const classes = ["cat", "dog\u001b[31m", 'a "b", <c>'];
let folder = "";

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tensorone-look-"));
  for (const [i, name] of classes.entries())
    for (const split of ["train", "val"]) {
      const target = join(folder, "pets", split, name);
      mkdirSync(target, { recursive: true });
      const from = join(demo, readdirSync(demo).sort()[i + 5]!);
      for (const file of readdirSync(from).sort().slice(0, 7)) copyFileSync(join(from, file), join(target, file));
    }
  mkdirSync(join(folder, "mixed", "below"), { recursive: true });
  copyFileSync(join(demo, "08_bag", "001.jpg"), join(folder, "mixed", "a.jpg"));
  copyFileSync(join(demo, "08_bag", "002.jpg"), join(folder, "mixed", "below", "a.jpg"));
  writeFileSync(join(folder, "mixed", "broken\u001b.jpg"), "no picture");
  writeFileSync(join(folder, "mixed", "notes.txt"), "no picture, and not taken for one");
  // classes sort by code point, as the folders do
  const names = [...classes].sort();
  const model = createModel("mobileone_s0", { numClasses: 3, seed: 1 });
  await saveModelFile(join(folder, "model.safetensors"), model, { recipe: null, classes: names });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const common = ["--image-size", "32", "--threads", "1", "--checkpoint", "model.safetensors"];
const run = (command: string, ...more: readonly string[]) =>
  tensorone([...command.split(" "), ...common, ...more], folder);
const text = (...path: readonly string[]) => readFileSync(join(folder, ...path), "utf8");

/** `tensorone` with lines on its stdin. */
function piped(input: string, command: string): { readonly status: number | null; readonly stdout: string } {
  const program = join(packageRoot, "dist", "cli", "main.js");
  return spawnSync(process.execPath, [program, ...command.split(" "), ...common], {
    cwd: folder,
    input,
    encoding: "utf8",
  });
}

describe("eval", () => {
  test("shows figures of classes, and writes every answer with --out", () => {
    const { code, stdout, stderr } = run("eval --data pets --out all --mistakes 5 --workers 0");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^class, lowest F1 first +precision +recall +F1 +images$/m);
    expect(stdout).toMatch(/^dog\\x1b\[31m +\S+ % +\S+ % +\S+ % +7$/m);
    expect(stdout).toMatch(/^macro \(mean of classes\) .* 21$/m);
    expect(stdout).toMatch(/^wrote 6 files to all: metrics\.json, .*mistakes-1\.png$/m);
    expect(stdout).not.toContain("\u001b");
    const lines = text("all", "predictions.csv").trimEnd().split("\n");
    expect(lines).toHaveLength(22);
    expect(lines[1]).toMatch(/^"val\/a ""b"", <c>\/\d+\.jpg","a ""b"", <c>",/);
    const metrics = JSON.parse(text("all", "metrics.json")) as { top1: number; accuracy: number; classes: object[] };
    expect(metrics.accuracy * 100).toBeCloseTo(metrics.top1, 10);
    expect(metrics.classes).toHaveLength(3);
    const sheet = decodeImage(readFileSync(join(folder, "all", "mistakes-1.png")));
    expect(sheet.width).toBe(5 * 236 + 4);
  });

  test("refuses to write over an evaluation, and does so when forced", () => {
    const before = text("all", "metrics.json");
    const refused = run("eval --data pets --out all");
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringMatching(/all.metrics\.json exists already/)]);
    expect(run("eval --data pets --out model.safetensors").stderr).toMatch(/is a file, expected a folder/);
    expect(text("all", "metrics.json")).toBe(before);
    expect(run("eval --data pets --out all --mistakes 5 --force --workers 0").code).toBe(0);
  });

  test("by two processes: the same files, but for the speed", () => {
    expect(run("eval --data pets --out two --mistakes 5 --nproc 2 --workers 0").code).toBe(0);
    const names = readdirSync(join(folder, "all")).sort();
    expect(readdirSync(join(folder, "two")).sort()).toEqual(names);
    const without = (of: string) => text(of, "metrics.json").replace(/"imagesPerSecond": [\d.]+/, "");
    expect(without("two")).toBe(without("all"));
    for (const name of names.filter((one) => one !== "metrics.json"))
      expect(readFileSync(join(folder, "two", name)).equals(readFileSync(join(folder, "all", name))), name).toBe(true);
  });
});

describe("predict", () => {
  test("goes through folders, names what it passes over, and ends with 1", () => {
    const { code, stdout, stderr } = run("predict --top-k 1 mixed");
    expect(code).toBe(1);
    expect(stdout.trimEnd().split("\n")).toEqual([
      expect.stringMatching(/^mixed\/a\.jpg\t[01]\.\d{4}\t[^\t]+$/),
      expect.stringMatching(/^mixed\/below\/a\.jpg\t/),
    ]);
    expect(stderr).toMatch(/^passed over mixed\/broken\\x1b\.jpg: neither a JPEG nor a PNG/m);
    expect(stderr).toMatch(/^1 of 3 pictures passed over$/m);
    expect(stdout + stderr).not.toContain("\u001b");
    const gone = run("predict gone.jpg");
    expect([gone.code, gone.stdout]).toEqual([1, ""]);
    expect(gone.stderr).toMatch(/^passed over gone\.jpg: cannot be read \(ENOENT[^\n]*\n1 of 1 pictures passed over$/m);
  });

  test("takes paths from stdin, and writes tables and JSON lines", () => {
    const list = "mixed/a.jpg\nmixed/below/a.jpg\n";
    expect(piped(list, "predict - --out answers.csv")).toMatchObject({ status: 0 });
    const [head, first, ...rest] = text("answers.csv").trimEnd().split("\n");
    expect(head).toBe("path,class1,score1,class2,score2,class3,score3");
    expect(first).toMatch(/^mixed\/a\.jpg,/);
    expect(rest).toHaveLength(1);
    const lines = piped(`${list}nothing.jpg\n`, "predict - mixed/a.jpg --out answers.jsonl --top-k 2");
    expect(lines.status).toBe(1);
    const answers = text("answers.jsonl")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { path: string; classes: object[] });
    expect(answers.map(({ path }) => path)).toEqual(["mixed/a.jpg", "mixed/below/a.jpg", "mixed/a.jpg"]);
    expect(answers[0]!.classes).toHaveLength(2);
    expect(answers[2]!.classes).toEqual(answers[0]!.classes);
  });

  test.each([
    ["predict mixed --out answers.txt", /--out answers\.txt, expected a name that ends in \.csv or \.jsonl/],
    ["predict mixed --out answers.csv", /answers\.csv exists already/],
    ["predict - -", /"-" twice/],
    ["features mixed --out rows.txt", /expected a name that ends in \.npy/],
    ["features mixed", /--out is missing/],
    ["features mixed --out rows.npy --stage stage9", /no stage "stage9", expected one of stage0/],
    ["explain mixed --stage 7 --out maps", /no stage 7/],
    ["explain mixed --class cow --out maps", /no class "cow"/],
  ])("refused: %s", (command, line) => {
    const { code, stderr } = run(command);
    expect([code, stderr]).toEqual([2, expect.stringMatching(line)]);
    for (const name of ["rows.npy", "maps"]) expect(existsSync(join(folder, name)), name).toBe(false);
  });
});

test("explain: a picture for each, of its own name, with the array beside it", () => {
  const command = "explain mixed --class 1 --stage -2 --raw --out maps/here";
  const { code, stdout, stderr } = run(command);
  expect(code).toBe(1);
  expect(stderr).toMatch(/passed over mixed\/broken/);
  expect(stdout).toMatch(/^mixed\/below\/a\.jpg: cat \S+ %, stage3 2x2 -> maps\/here\/a-2\.cam\.png$/m);
  expect(readdirSync(join(folder, "maps", "here")).sort()).toEqual([
    "a-2.cam.npy",
    "a-2.cam.png",
    "a.cam.npy",
    "a.cam.png",
  ]);
  const shown = decodeImage(readFileSync(join(folder, "maps", "here", "a.cam.png")));
  expect([shown.width, shown.height]).toEqual([32, 32]);
  expect(run(command)).toMatchObject({ code: 2, stderr: expect.stringMatching(/a\.cam\.png exists already/) });
  expect(run(`${command} --force`).code).toBe(1);
});

test("features: an array that NumPy reads, a row for each path", ({ skip }) => {
  const { code, stdout } = run("features mixed --out rows.npy --paths rows.txt");
  expect([code, stdout]).toEqual([1, expect.stringMatching(/^wrote rows\.npy: float32 \[2, 1024\] of stage4/)]);
  expect(text("rows.txt")).toBe("mixed/a.jpg\nmixed/below/a.jpg\n");
  expect(run("features mixed/a.jpg --stage stage1 --out rows.npy --force").code).toBe(0);
  expect(run("features mixed --out rows.npy --force --stage 4").code).toBe(1);
  if (!hasNumpy) skip(`${python} has no numpy: apt-get install python3-numpy, or TORCH_PYTHON=FILE`);
  const script =
    "import numpy, sys; a = numpy.load(sys.argv[1]); print(a.shape, a.dtype, a.flags.c_contiguous, repr(float(a[1, 5])))";
  const read = spawnSync(python, ["-c", script, "rows.npy"], { cwd: folder, encoding: "utf8" });
  const bytes = readFileSync(join(folder, "rows.npy"));
  const value = bytes.readFloatLE(bytes.length - 4 * 2 * 1024 + 4 * (1024 + 5));
  const [, shown] = /^\(2, 1024\) float32 True (\S+)\n$/.exec(read.stdout) ?? [];
  expect(Number(shown)).toBe(value);
});

describe("examples of the help", () => {
  /** What a command takes, and the options whose use an example shows. */
  const shown = [
    { command: evaluation, options: ["out", "mistakes", "force"] },
    { command: predict, options: ["topK", "out", "force"] },
    { command: explain, options: ["class", "stage", "out", "raw", "force"] },
    { command: features, options: ["out", "paths", "stage", "force"] },
  ] as const;
  const examples = shown.flatMap(({ command }) => command.examples.filter((one) => one.includes("runs/pets")));
  let here = "";

  beforeAll(async () => {
    here = join(folder, "examples");
    const copy = (from: string, to: readonly string[], count: number) => {
      mkdirSync(join(here, ...to), { recursive: true });
      for (const file of readdirSync(join(demo, from)).sort().slice(0, count))
        copyFileSync(join(demo, from, file), join(here, ...to, file));
    };
    for (const [name, from] of [
      ["cat", "01_trouser"],
      ["dog", "08_bag"],
    ] as const) {
      for (const split of ["train", "val"]) copy(from, ["my-pictures", split, name], 2);
      copy(from, ["new-pictures", name], 1);
      copyFileSync(join(demo, from, "003.jpg"), join(here, `${name}.jpg`));
    }
    writeFileSync(join(here, "more.csv"), "path,label\ncat.jpg,cat\ndog.jpg,dog\n");
    mkdirSync(join(here, "runs", "pets"), { recursive: true });
    const model = createModel("mobileone_s0", { numClasses: 2, seed: 1 });
    const about = { recipe: null, classes: ["cat", "dog"] };
    await saveModelFile(join(here, "runs", "pets", "model.safetensors"), model, about);
  });

  test("show every option", () => {
    for (const { command, options } of shown)
      for (const option of options)
        expect(
          examples.some((one) => one.startsWith(`${command.name} `) && one.includes(flagOf(option))),
          `${command.name} ${flagOf(option)}`,
        ).toBe(true);
  });

  // both want other folders: test/cli/own-pictures.test.ts has a checkpoint, test/data a set without val/
  test.each(examples.filter((one) => !/--weights|--val-fraction/.test(one)))("%s", (example) => {
    const program = join(packageRoot, "dist", "cli", "main.js");
    const words = [...example.split(" "), "--image-size", "32", "--threads", "1"];
    const input = "cat.jpg\nnew-pictures/dog/000.jpg\n";
    const { status, stderr } = spawnSync(process.execPath, [program, ...words], { cwd: here, input, encoding: "utf8" });
    expect([status, stderr]).toEqual([0, expect.not.stringMatching(/error|passed over/)]);
    const out = /--out (\S+)/.exec(example)?.[1] ?? (example.startsWith("explain") ? "cat.cam.png" : ".");
    expect(existsSync(join(here, out))).toBe(true);
  });
});
