/**
 * Files of earlier commits (test/golden/versions): runs, model files and PyTorch files load, answer as they answered there,
 * and go on to the losses that they had there.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import "../../src/index.js";
import { variants } from "../../src/models/index.js";
import { loadModelFile } from "../../src/train/checkpoints/model-file.js";
import { packageRoot } from "../cli/spawn.js";

const versions = join(packageRoot, "test", "golden", "versions");
const wrapper = join(versions, "with-tiny.mjs");
/** Kernels may sum in another order than those of an earlier commit; three steps amplify it. */
const lossDigits = 3;
const answerDigits = 4;

interface Figures {
  readonly top1: number;
  readonly top5: number;
  readonly loss: number;
  readonly images: number;
}
interface Expected {
  readonly steps: number;
  readonly eval: { readonly model: Figures; readonly checkpoint: Figures };
  readonly trouser: readonly { readonly name: string; readonly score: number }[];
  readonly further: readonly { readonly step: number; readonly loss: number }[];
}

const readJson = <T>(path: string): T => JSON.parse(readFileSync(path, "utf8")) as T;

function tensorone<T>(...words: string[]): T {
  const { status, stdout, stderr } = spawnSync(process.execPath, [wrapper, packageRoot, ...words, "--json"], {
    encoding: "utf8",
  });
  expect(status, stderr).toBe(0);
  return JSON.parse(stdout) as T;
}

const scratch = mkdtempSync(join(tmpdir(), "tensorone-versions-"));
beforeAll(async () => {
  const { tiny } = (await import(wrapper)) as { tiny: (typeof variants)["mobileone_s0"] };
  Object.assign(variants, { mobileone_tiny: tiny });
});
afterAll(() => rmSync(scratch, { recursive: true }));

const commits = readdirSync(versions).filter((name) => !name.endsWith(".mjs"));

it("has the version that distribution began with", () => {
  expect(commits).toContain("ec875f1");
});

describe.each(commits)("%s", { timeout: 240_000 }, (commit) => {
  const folder = join(versions, commit);
  const run = join(folder, "run");
  const expected = readJson<Expected>(join(folder, "expected.json"));
  const checkpoint = join(run, "checkpoints", `step_0000${expected.steps}.safetensors`);

  it.each([
    ["model", join(run, "model.safetensors")],
    ["checkpoint", checkpoint],
  ] as const)("eval of its %s gives its figures", (kind, path) => {
    const found = tensorone<Figures>("eval", "--checkpoint", path, "--decoder", "jpeg-js");
    const { loss, images, top1 } = expected.eval[kind];
    expect(found.images).toBe(images);
    expect(found.loss).toBeCloseTo(loss, answerDigits);
    expect(Math.abs(found.top1 - top1)).toBeLessThanOrEqual(0.4);
  });

  it("predict by its folded model gives its scores", () => {
    const picture = join(packageRoot, "demo", "fashion-mnist", "val", "01_trouser", "000.jpg");
    const options = ["--checkpoint", join(run, "model-deploy.safetensors"), "--decoder", "jpeg-js"];
    const { images } = tensorone<{ images: { classes: Expected["trouser"] }[] }>("predict", ...options, picture);
    expect(images[0]!.classes.map(({ name }) => name)).toEqual(expected.trouser.map(({ name }) => name));
    for (const [i, { score }] of images[0]!.classes.entries())
      expect(score).toBeCloseTo(expected.trouser[i]!.score, answerDigits);
  });

  it.each(["apple", "timm"])("its .pth with the names of %s holds its weights", async (keys) => {
    const [own, other] = await Promise.all(
      [join(run, "model.safetensors"), join(folder, `${keys}.pth`)].map((path) => loadModelFile(path)),
    );
    const weights = other!.model.stateDict();
    for (const [name, tensor] of own!.model.stateDict())
      expect(weights.get(name)?.dataSync(), name).toEqual(tensor.dataSync());
  });

  it("its run goes on, by its own decoder, to the losses it had there", () => {
    const out = join(scratch, commit);
    cpSync(run, out, { recursive: true });
    const last = expected.further.at(-1)!.step;
    tensorone("train", "--resume", out, "--max-steps", String(last), "--threads", "1", "--no-validate");
    const lines = readFileSync(join(out, "log.jsonl"), "utf8").trim().split("\n");
    const steps = lines.map((line) => JSON.parse(line) as { kind: string; step: number; loss: number });
    const further = steps.filter(({ kind, step }) => kind === "train" && step > expected.steps);
    expect(further.map(({ step }) => step)).toEqual(expected.further.map(({ step }) => step));
    for (const [i, { loss }] of further.entries()) expect(loss).toBeCloseTo(expected.further[i]!.loss, lossDigits);
    expect(readJson(join(out, "checkpoints", `step_0000${last}.json`))).toMatchObject({ decoder: "jpeg-js" });
  });

  it("its mmengine checkpoint goes on", () => {
    const out = join(scratch, `${commit}-mmengine`);
    const recipe = ["--model", "mobileone_tiny", "--epochs", "2", "--batch-size", "32", "--lr", "0.3"];
    const more = ["--max-steps", "64", "--threads", "1", "--no-validate"];
    expect(tensorone("train", "--resume", join(folder, "epoch_1.pth"), "--out", out, ...recipe, ...more)).toMatchObject(
      { steps: 64, stopped: "max-steps" },
    );
  });
});
