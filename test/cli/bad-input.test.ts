/**
 * Every kind of bad input, as a process: one clear line and perhaps a hint, exit code 1 or 2, no stack, and no file that
 * was there before is touched.
 */
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import "../../src/index.js";
import { encodeSafetensors } from "../../src/models/files/index.js";
import { createModel } from "../../src/models/index.js";
import { saveModelFile } from "../../src/train/checkpoints/model-file.js";
import { fingerprint, packageRoot, tensorone } from "./spawn.js";

const images = join(packageRoot, "test", "golden", "data", "images");
let folder = "";

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tensorone-cli-"));
  const at = (...parts: string[]) => join(folder, ...parts);
  for (const split of ["train", "val"])
    for (const name of ["cat", "dog"]) {
      mkdirSync(at("pets", split, name), { recursive: true });
      copyFileSync(join(images, "rgb.jpg"), at("pets", split, name, "1.jpg"));
    }
  cpSync(at("pets"), at("torn"), { recursive: true });
  copyFileSync(join(images, "bad-header-only.jpg"), at("torn", "train", "dog", "2.jpg"));
  copyFileSync(join(images, "bad-text.jpg"), at("text.jpg"));
  mkdirSync(at("empty"));
  mkdirSync(at("no-classes", "train"), { recursive: true });
  const model = createModel("mobileone_s0", { numClasses: 10, deploy: true });
  await saveModelFile(at("ten.safetensors"), model, { recipe: null, classes: null });
  const bytes = readFileSync(at("ten.safetensors"));
  writeFileSync(at("torn.safetensors"), bytes.subarray(0, bytes.length / 2));
  writeFileSync(at("short.safetensors"), bytes.subarray(0, 5));
  writeFileSync(at("words.safetensors"), "these are words and no tensors at all");
  writeFileSync(
    at("other.safetensors"),
    encodeSafetensors(new Map([["x", { shape: [1], values: Float32Array.of(1) }]])),
  );
  mkdirSync(at("run", "checkpoints"), { recursive: true });
  writeFileSync(at("run", "checkpoints", "epoch_001.json"), "{}");
  writeFileSync(at("run", "log.jsonl"), '{"kind":"train","epoch":0,"step":1}\n');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const quick = ["--max-steps", "1", "--batch-size", "2", "--image-size", "32", "--threads", "1"];

/** What is typed, the exit code, the line. */
const rows: readonly (readonly [what: string, command: string, code: number, line: RegExp])[] = [
  ["unknown flag", "train --epoch 3", 2, /train: unknown option --epoch, the nearest is --epochs/],
  [
    "idle processes",
    "train --nproc 4 --replicas 2",
    2,
    /4 processes for 2 replicas, expected at most one process each/,
  ],
  ["wrong type", "train --epochs three", 2, /--epochs: three, expected a whole number/],
  ["unknown model", "train --model mobileone_s5", 2, /mobileone_s5, expected one of mobileone_s0, /],
  ["missing folder", "train --data nowhere --out new", 1, /no folder nowhere/],
  ["empty folder", "train --data empty --out new", 1, /no folder train in empty/],
  ["folder without classes", "train --data no-classes --out new", 1, /no-classes.train has no class folders/],
  ["missing folder", "eval --checkpoint ten.safetensors --data nowhere", 1, /no folder nowhere/],
  ["empty folder", "eval --checkpoint ten.safetensors --data empty", 1, /no folder val in empty/],
  ["wrong classes count", "eval --checkpoint ten.safetensors --data pets", 1, /2 classes, the model expects 10/],
  [
    "folder without images",
    "predict --checkpoint ten.safetensors empty",
    1,
    /empty has no pictures \(no files\), expected/,
  ],
  ["no image", "predict --checkpoint ten.safetensors", 2, /no IMAGE/],
  ["no checkpoint", "predict pets/val/cat/1.jpg", 2, /--checkpoint is missing/],
  ["missing checkpoint", "eval --checkpoint no.safetensors --data pets", 1, /no\.safetensors: there is no such file/],
  ["truncated checkpoint", "eval --checkpoint torn.safetensors --data pets", 1, /torn\.safetensors/],
  ["truncated header", "predict --checkpoint short.safetensors pets/val/cat/1.jpg", 1, /short\.safetensors/],
  ["text for a checkpoint", "reparameterize words.safetensors new.safetensors", 1, /words\.safetensors/],
  ["another model's tensors", "reparameterize other.safetensors new.safetensors", 1, /other\.safetensors/],
  ["folder for a checkpoint", "eval --checkpoint pets", 1, /pets/],
  ["existing output", "reparameterize ten.safetensors torn.safetensors", 2, /torn\.safetensors exists already/],
  ["output is input", "reparameterize ten.safetensors ten.safetensors --force", 2, /both input and output/],
  ["no folder for output", "reparameterize ten.safetensors no/new.safetensors", 2, /no folder no/],
  ["nothing to fold", "reparameterize ten.safetensors new.safetensors", 1, /deploy form already/],
  ["existing run", "train --data pets --out run", 2, /run holds a run already, and would be overwritten/],
  ["file for a folder", "train --data pets --out text.jpg", 2, /--out text\.jpg is a file/],
  ["nothing to resume", "train --data pets --out empty --resume", 1, /no run in empty to resume/],
  ["no run to resume", "train --resume", 1, /no run of mobileone_s0-demo in runs. to resume/],
  ["missing checkpoint", "train --data pets --resume no.safetensors", 1, /no\.safetensors: there is no such file/],
  ["missing weights", "train --data pets --out new --init no.safetensors", 1, /no\.safetensors: there is no such file/],
  ["init and resume", "train --data pets --out run --resume --init ten.safetensors", 2, /expected one of them/],
];

test.each(rows)("%s: tensorone %s", (_, command, code, line) => {
  const before = fingerprint(folder);
  const run = tensorone(command.split(" "), folder);
  expect(run.stderr).toMatch(/^error: [^\n]+\n( {2}hint: [^\n]+\n)?$/);
  expect(run.stderr).toMatch(line);
  expect(run.code).toBe(code);
  expect(fingerprint(folder)).toEqual(before);
});

/** These fail after the run has begun: what is new may stay, what was there is untouched. */
test.each([
  ["damaged checkpoint", "train --data pets --out run --resume", /no whole checkpoint in run/],
  ["unreadable image", "train --data torn --out begun", /torn.train.dog.2\.jpg/],
  ["folded weights", "train --data pets --out begun2 --init ten.safetensors", /folded .* form/],
  ["weights of no model", "train --data pets --out begun3 --init words.safetensors", /words\.safetensors/],
])("%s: tensorone %s", (_, command, line) => {
  const before = fingerprint(folder);
  const run = tensorone([...command.split(" "), ...quick], folder);
  const errors = run.stderr.split("\n").filter((text) => text.startsWith("error: "));
  expect(errors).toHaveLength(1);
  expect(run.stderr).toMatch(line);
  expect(run.stderr).not.toContain("    at ");
  expect(run.code).toBe(1);
  expect(fingerprint(folder)).toEqual(expect.arrayContaining(before));
});
