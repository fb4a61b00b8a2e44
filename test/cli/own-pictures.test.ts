/**
 * One's own pictures on the command line: folders without val/, an odd picture at the end of an epoch, a run that is
 * resumed by its name, class names, both sets of weights.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import "../../src/index.js";
import { decodeSafetensors, type StoredTensor } from "../../src/models/files/index.js";
import { createModel } from "../../src/models/index.js";
import { saveModelFile } from "../../src/train/checkpoints/model-file.js";
import { fingerprint, packageRoot, tensorone } from "./spawn.js";

const demo = join(packageRoot, "demo", "fashion-mnist");
let folder = "";

/** `count` pictures of a demo class, under another name. */
function copyClass(from: string, to: readonly string[], count: number, split = "train"): void {
  const target = join(folder, ...to);
  mkdirSync(target, { recursive: true });
  for (const name of readdirSync(join(demo, split, from))
    .sort()
    .slice(0, count))
    cpSync(join(demo, split, from, name), join(target, name));
}

const run = (line: string, json = false) => tensorone([...line.split(" "), ...(json ? ["--json"] : [])], folder);

function jsonOf(line: string): Record<string, unknown> {
  const { code, stdout, stderr } = run(line, true);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as Record<string, unknown>;
}

/** Nine pictures by four are two steps and one picture. */
const odd = "--batch-size 4 --image-size 32 --epochs 3 --threads 1 --workers 0";
const start = `train --data odd --no-validate ${odd}`;
let first: Record<string, unknown>;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tensorone-own-"));
  copyClass("01_trouser", ["odd", "train", "cat"], 5);
  copyClass("07_sneaker", ["odd", "train", "dog"], 4);
  for (const split of ["train", "val"]) {
    copyClass("01_trouser", ["whole", split, "cat"], 4, split);
    copyClass("07_sneaker", ["whole", split, "dog"], 4, split);
    copyClass("01_trouser", ["others", split, "cow"], 4, split);
    copyClass("07_sneaker", ["others", split, "dog"], 4, split);
    for (const name of ["cat", "dog", "eel"]) copyClass("08_bag", ["three", split, name], 2, split);
  }
  first = jsonOf(`${start} --out run --max-steps 3 --seed 5`);
  cpSync(join(folder, "run"), join(folder, "sets"), { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const checkpointOf = (out: string, name: string) =>
  ["json", "safetensors"].map((end) => readFileSync(join(folder, out, "checkpoints", `${name}.${end}`), "base64"));

describe("a data set without val/, whose last batch would be one picture", () => {
  test("trains with --no-validate, in two steps an epoch, and ends with commands that work", () => {
    expect(first).toMatchObject({ steps: 3, epochs: 1.5, validation: null, plan: "short", weights: "averaged" });
    for (const file of ["modelFile", "deployFile"]) expect(existsSync(join(folder, String(first[file])))).toBe(true);
    const { stdout, code } = run(`${start} --out again --max-steps 1`);
    expect(code).toBe(0);
    expect(stdout).toMatch(/9 train images of 2 classes/);
    expect(stdout).toMatch(/one picture of each replica is left out of every epoch/);
    const [, next = ""] = stdout.split("try next:\n");
    for (const command of next.trimEnd().split("\n"))
      expect(tensorone(command.trim().split(" ").slice(2), folder).code).toBe(0);
  });

  test("holds a fifth of its pictures out where validation is wanted, and says so", () => {
    const { code, stdout } = run(`train --data odd --out split ${odd} --max-steps 1`);
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/odd: no validation pictures of its own, so \d of its 9, .*\(--val-fraction 0\.2\)/),
    ]);
    expect(stdout).toMatch(/validation: top-1/);
    expect(run(`train --data odd --val-fraction 0 --out new ${odd}`)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/no folder val in odd/),
    });
    expect(existsSync(join(folder, "new"))).toBe(false);
  });
});

describe("--resume", () => {
  test("of a folder needs no other option, and ends with the bytes of a run that was not interrupted", () => {
    jsonOf(`${start} --out at-once --seed 5`);
    const resumed = jsonOf("train --resume run --threads 1 --workers 0");
    expect(resumed).toMatchObject({ out: "run", steps: 6, stopped: "finished" });
    expect(checkpointOf("run", "epoch_003")).toEqual(checkpointOf("at-once", "epoch_003"));
    const models = ["run", "at-once"].map((out) => readFileSync(join(folder, out, "model.safetensors"), "base64"));
    expect(models[0]).toBe(models[1]);
  });

  test("takes the options of the run once more, and names those that differ before anything is written", () => {
    const before = fingerprint(folder);
    for (const [options, line] of [
      [
        "--lr 0.3 --seed 4 --epochs 4",
        /recipe\.epochs was 3, is 4; recipe\.optimizer\.lr was 0\.1, is 0\.3; seed was 5/,
      ],
      ["--model mobileone_s1", /recipe\.model was "mobileone_s0", is "mobileone_s1"|recipe\.name/],
      ["--ema-warmup off", /recipe\.ema\.warmup was true, is false/],
      ["--data others", /other data: train: of 9 pictures 4 renamed .*, 1 removed/],
    ] as const) {
      const { code, stderr } = run(`train --out run --resume ${options}`);
      expect([code, stderr]).toEqual([1, expect.stringMatching(line)]);
    }
    expect(fingerprint(folder)).toEqual(before);
    expect(run(`${start} --seed 5 --out run --resume`).code).toBe(0);
  });

  test("asks for --data where a checkpoint of someone else's run does not say", () => {
    cpSync(join(folder, "run", "checkpoints"), join(folder, "bare", "checkpoints"), { recursive: true });
    const { code, stderr } = run("train --resume bare");
    expect([code, stderr]).toEqual([2, expect.stringMatching(/--resume bare without --data/)]);
    expect(run("train --resume bare --data odd --no-validate --threads 1").code).toBe(0);
  });
});

describe("class names", () => {
  test("eval refuses other names, and the demo set where none is named, unless told to go on", () => {
    const eval_ = "eval --checkpoint run/model.safetensors --threads 1";
    expect(run(`${eval_} --data whole`).code).toBe(0);
    const refused = run(`${eval_} --data others`);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/class 0 is "cat" in run\/model\.safetensors and "cow" in others/);
    const told = run(`${eval_} --data others --allow-other-classes`);
    expect([told.code, told.stdout]).toEqual([0, expect.stringMatching(/class 0 is "cat" .* labels are taken/)]);
    expect(run(eval_)).toMatchObject({ code: 1, stderr: expect.stringMatching(/10 classes, the model expects 2/) });
  });

  test("eval refuses the same names in another order, and says where a file has none", async () => {
    const model = createModel("mobileone_s0", { numClasses: 2, deploy: true });
    const about = (classes: string[] | null) => ({ recipe: null, classes });
    await saveModelFile(join(folder, "permuted.safetensors"), model, about(["dog", "cat"]));
    await saveModelFile(join(folder, "unnamed.safetensors"), model, about(null));
    const of = (name: string) => run(`eval --checkpoint ${name}.safetensors --data whole --image-size 32 --threads 1`);
    expect(of("permuted").stderr).toMatch(/class 0 is "dog" in .* and "cat" in whole, the same names in another order/);
    expect(of("unnamed")).toMatchObject({ code: 0, stdout: expect.stringMatching(/does not name its classes/) });
  });

  test("--init takes a new head for other names or another number of classes, and says so", () => {
    const init = `train --init run/model.safetensors --no-validate ${odd} --max-steps 1`;
    const others = run(`${init} --data others --out no`);
    expect([others.code, others.stdout]).toEqual([
      0,
      expect.stringMatching(/new head: .*\(class 0 is "cat" in .* and "cow" in others\)/s),
    ]);
    const told = run(`${init} --data others --out yes --allow-other-classes`);
    expect([told.code, told.stdout]).toEqual([0, expect.stringMatching(/labels are taken as numbers/)]);
    const three = run(`${init} --data three --out three-run`);
    expect([three.code, three.stdout]).toEqual([0, expect.stringMatching(/new head: 2 → 3 classes/)]);
  });
});

describe("--weights", () => {
  const entriesOf = (path: string) => decodeSafetensors(readFileSync(join(folder, path)), path).entries;

  // millions of numbers: too many to compare one by one
  const bytesOf = ({ values }: StoredTensor) => Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  const stored = () => entriesOf("sets/checkpoints/step_000003.safetensors");

  test.each([
    ["raw", "sets", "raw."],
    ["averaged", "sets/checkpoints/step_000003.safetensors", ""],
  ])("%s: the set of %s, by convert", (set, from, prefix) => {
    expect(run(`convert ${from} ${set}.safetensors --weights ${set}`).code).toBe(0);
    const both = stored();
    for (const [name, entry] of entriesOf(`${set}.safetensors`))
      expect(bytesOf(entry).equals(bytesOf(both.get(`${prefix}${name}`)!)), name).toBe(true);
  });

  test("every other command that reads a model takes them", () => {
    expect(run("reparameterize sets folded.safetensors --weights raw --threads 1").code).toBe(0);
    expect(run("export sets raw.onnx --weights raw --threads 1").code).toBe(0);
    const figures = ["sets --weights raw", "raw.safetensors", "folded.safetensors"].map((model) => {
      const { top1, loss } = jsonOf(`eval --checkpoint ${model} --data whole --threads 1`);
      return { top1, loss: Number(Number(loss).toPrecision(3)) };
    });
    for (const one of figures) expect(one).toEqual(figures[0]);
    expect(jsonOf("eval --checkpoint sets --data whole --threads 1").loss).not.toBeCloseTo(figures[0]!.loss, 6);
    const [picture] = readdirSync(join(folder, "whole", "val", "cat"));
    const guess = (weights: string) =>
      run(`predict --checkpoint sets --weights ${weights} whole/val/cat/${picture} --threads 1`, true);
    expect(guess("raw").code).toBe(0);
    expect(guess("raw").stdout).not.toBe(guess("averaged").stdout);
  });

  test("is refused for a file that holds one set", () => {
    const { code, stderr } = run("eval --checkpoint sets/model.safetensors --weights raw --data whole");
    expect([code, stderr]).toEqual([1, expect.stringMatching(/weights alone, expected raw ones\n.*run's folder/)]);
    expect(run("convert sets x.pth --full --weights raw").code).toBe(2);
    expect(run("eval --checkpoint whole --data whole").stderr).toMatch(/a folder without checkpoints/);
  });
});
