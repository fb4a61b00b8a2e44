/**
 * The commands on a data set of four pictures: what they print in a pipe, what --json holds, what they write.
 */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadDecoder } from "../../src/data/codecs/decoder.js";
import { packageRoot, tensorone } from "./spawn.js";

const images = join(packageRoot, "test", "golden", "data", "images");
const quick = ["--max-steps", "2", "--batch-size", "2", "--image-size", "32", "--threads", "1", "--workers", "0"];
let folder = "";
let trained: ReturnType<typeof tensorone>;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tensorone-commands-"));
  for (const split of ["train", "val"])
    for (const name of ["cat", "dog"]) {
      const pictures = join(folder, "pets", split, name);
      mkdirSync(pictures, { recursive: true });
      for (const picture of ["rgb.jpg", "grey.jpg"]) copyFileSync(join(images, picture), join(pictures, picture));
    }
  trained = tensorone(["train", "--data", "pets", "--out", "run", ...quick, "--json"], folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const lastJson = (text: string): Record<string, unknown> => {
  expect(text.trimEnd().split("\n")).toHaveLength(1);
  return JSON.parse(text) as Record<string, unknown>;
};

test("train --json: one object on stdout, the run on stderr, every file written", () => {
  expect(trained.code).toBe(0);
  const json = lastJson(trained.stdout);
  expect(json).toMatchObject({ model: "mobileone_s0", out: "run", steps: 2, stopped: "max-steps" });
  expect(json).toMatchObject({ validation: { images: 4 }, certificate: { top1Agreement: 1, blocks: 43 } });
  for (const name of ["checkpoint", "modelFile", "deployFile"])
    expect(existsSync(join(folder, String(json[name])))).toBe(true);
  const kinds = readFileSync(join(folder, "run", "log.jsonl"), "utf8").match(/"kind":"\w+"/g);
  expect(kinds).toEqual(['"kind":"train"', '"kind":"train"', '"kind":"val"']);
});

test("the default decoder is said in the first lines, kept by the run, and gone on with", async () => {
  const { name } = await loadDecoder();
  const [first = ""] = trained.stderr.split("epoch 1");
  expect(first).toContain(`decoder ${name}\n`);
  const kept = (file: string) => (JSON.parse(readFileSync(join(folder, file), "utf8")) as { decoder: string }).decoder;
  expect([kept("run/run.json"), kept("run/checkpoints/epoch_001.json")]).toEqual([name, name]);
  const run = tensorone(["eval", "--checkpoint", "run/model.safetensors", "--data", "pets", "--workers", "0"], folder);
  expect(run.stdout.split("\n")[1]).toMatch(new RegExp(`decoder ${name}$`));
  const options = ["--checkpoint", "run/model-deploy.safetensors", "--decoder", "jpeg-js"];
  const predicted = tensorone(["predict", ...options, join(images, "rgb.jpg")], folder);
  expect(predicted.stderr).toMatch(/^mobileone_s0 {2}deploy form {2}backend wasm x\d+ {2}decoder jpeg-js\n$/);
});

test("train ends with three commands that work when pasted", () => {
  const [, next = ""] = trained.stderr.split("try next:\n");
  const commands = next.trimEnd().split("\n");
  expect(commands).toHaveLength(3);
  for (const command of commands) {
    const [prefix, , ...words] = command.trim().split(" ");
    expect(prefix).toBe("node"); // a checkout, seen from another folder
    expect(tensorone(words, folder).code).toBe(0);
  }
  expect(existsSync(join(folder, "run", "folded.safetensors"))).toBe(true);
});

test("eval: both forms answer alike", () => {
  const of = (file: string) =>
    lastJson(tensorone(["eval", "--checkpoint", `run/${file}`, "--data", "pets", "--json"], folder).stdout);
  const [train, deploy] = [of("model.safetensors"), of("model-deploy.safetensors")];
  // two classes: a record keeps top-5 and says of how many, people are spared the 100 %
  expect(train).toMatchObject({
    form: "train",
    images: 4,
    numClasses: 2,
    top5: 100,
    certificate: { top1Agreement: 1 },
  });
  expect(deploy).toMatchObject({ form: "deploy", images: 4, top1: train.top1 });
  expect(Number(deploy.loss) / Number(train.loss)).toBeCloseTo(1, 4);
});

test("top-5 of two classes is not shown", () => {
  const spoken = tensorone(["eval", "--checkpoint", "run/model-deploy.safetensors", "--data", "pets"], folder);
  expect(spoken.stdout).toMatch(/^top-1 \S+ % {2}loss/m);
  for (const text of [spoken.stdout, trained.stderr]) expect(text).not.toMatch(/top-?5/);
});

test("predict: a line for each class in a pipe, shares that add up", () => {
  const args = ["predict", "--checkpoint", "run/model-deploy.safetensors", join(images, "rgb.jpg")];
  const lines = tensorone(args, folder).stdout.trimEnd().split("\n");
  expect(lines).toHaveLength(2);
  for (const line of lines) expect(line).toMatch(/rgb\.jpg\t[01]\.\d{4}\t(cat|dog)$/);
  const json = lastJson(tensorone([...args, "--json"], folder).stdout);
  const [{ classes }] = json.images as [{ classes: { name: string; score: number }[] }];
  expect(classes.map(({ name }) => name).sort()).toEqual(["cat", "dog"]);
  expect(classes.reduce((sum, { score }) => sum + score, 0)).toBeCloseTo(1, 5);
});

test("reparameterize writes the file that train wrote, and replaces one only when forced", () => {
  const args = ["reparameterize", "run/model.safetensors", "again.safetensors"];
  expect(tensorone(args, folder).stdout).toMatch(/^folding: .* same answer on 8 of 8 probe images\nwrote again/);
  const [again, first] = ["again.safetensors", "run/model-deploy.safetensors"].map((name) =>
    readFileSync(join(folder, name)),
  );
  expect(again!.equals(first!)).toBe(true);
  expect(tensorone(args, folder).code).toBe(2);
  expect(tensorone([...args, "--force"], folder).code).toBe(0);
});
