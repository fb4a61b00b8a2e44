/**
 * The examples of train's help that steer a run, on a folder of eight pictures; what a run that stopped early leaves, as the
 * commands see it; and evaluation by several processes.
 */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { training } from "../../src/cli/commands/train.js";
import { flagOf } from "../../src/cli/options.js";
import { optimizationOptions } from "../../src/cli/train/optimization-options.js";
import { stoppingOptions } from "../../src/cli/train/stopping-options.js";
import type { Recipe } from "../../src/models/recipe.js";
import { packageRoot, tensorone } from "./spawn.js";

const demo = join(packageRoot, "demo", "fashion-mnist");
const quick = ["--image-size", "32", "--threads", "1", "--workers", "0"];
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tensorone-steered-"));
  for (const split of ["train", "val"])
    for (const name of ["01_trouser", "08_bag"]) {
      const pictures = join(folder, "my-pictures", split, name);
      mkdirSync(pictures, { recursive: true });
      const files = readdirSync(join(demo, split, name))
        .sort()
        .slice(0, 4);
      for (const file of files) copyFileSync(join(demo, split, name, file), join(pictures, file));
    }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const flags = Object.keys({ ...optimizationOptions, ...stoppingOptions }).map(flagOf);
const examples = training.examples.filter((one) => flags.some((flag) => one.includes(`${flag} `)));

const recipeOf = (checkpoint: unknown): Recipe =>
  (
    JSON.parse(readFileSync(join(folder, String(checkpoint).replace("safetensors", "json")), "utf8")) as {
      recipe: Recipe;
    }
  ).recipe;

test("every option that steers a run stands in an example", () => {
  for (const flag of flags)
    expect(
      examples.some((one) => one.includes(`${flag} `)),
      flag,
    ).toBe(true);
});

// a device is opened in test/gpu, where float16 trains on the software driver
const onProcessor = examples.filter((example) => !example.includes("--backend gpu"));

describe.each(onProcessor)("%s", (example) => {
  test("runs, and its recipe is that of its checkpoint", () => {
    const out = `run${examples.indexOf(example)}`;
    const run = tensorone([...example.split(" "), ...quick, "--out", out, "--max-steps", "3", "--json"], folder);
    expect(run.code, run.stderr).toBe(0);
    const { checkpoint } = JSON.parse(run.stdout) as { checkpoint: string };
    const { optimizer, accumulate, schedule, clipGrad, earlyStopping, saveBest } = recipeOf(checkpoint);
    if (example.includes("--accumulate 4"))
      expect({ accumulate, milestones: schedule.lrSteps!.epochs }).toEqual({ accumulate: 4, milestones: [10, 15] });
    if (example.includes("adamw"))
      expect({ optimizer, clipGrad, kind: schedule.kind }).toMatchObject({
        optimizer: { kind: "adamw", weightDecay: 0.05 },
        clipGrad: { maxNorm: 5 },
        kind: "one-cycle",
      });
    if (example.includes("--patience 5")) expect(earlyStopping).toMatchObject({ patience: 5, metric: saveBest });
  });
});

describe("a run that stops early", () => {
  const options = [
    "--data",
    "my-pictures",
    "--epochs",
    "40",
    "--patience",
    "1",
    "--min-delta",
    "100",
    "--save-best",
    "top1",
  ];

  test("ends with exit code 0, names its best epoch, and is at its end when resumed without options", () => {
    const run = tensorone(["train", ...options, ...quick, "--out", "early", "--keep", "1"], folder);
    expect(run.code, run.stderr).toBe(0);
    expect(run.stdout).toMatch(/stopped early: 1 epoch in a row without a better top1 by more than 100\n/);
    expect(run.stdout).toMatch(
      /\nbest: top1 \d+\.\d % after step [12]; commands that are given the run's folder take these/,
    );
    expect(run.stdout).toMatch(/eval --checkpoint early\/best\.safetensors --data my-pictures\n/);
    expect(run.stdout).not.toContain("go on to the end");
    for (const name of ["best", "best-deploy", "model", "model-deploy"])
      expect(existsSync(join(folder, "early", `${name}.safetensors`)), name).toBe(true);
    const again = tensorone(["train", "--resume", "early", "--json"], folder);
    expect(again.code, again.stderr).toBe(0);
    expect(JSON.parse(again.stdout)).toMatchObject({ stopped: "early", steps: 2, best: { metric: "top1" } });
  });

  test("gives commands its best weights", () => {
    const { stdout } = tensorone(["eval", "--checkpoint", "early", "--data", "my-pictures", "--workers", "0"], folder);
    expect(stdout).toMatch(/early\/best\.safetensors\n/);
  });

  test("needs validations, and says so before it starts", () => {
    for (const option of ["--patience 3", "--save-best loss"]) {
      const run = tensorone(
        ["train", "--data", "my-pictures", "--out", "none", "--no-validate", ...option.split(" ")],
        folder,
      );
      expect(run.code).toBe(2);
      expect(run.stderr).toContain(
        `${option.split(" ")[0]} with --no-validate, expected a validation after each epoch`,
      );
    }
    expect(existsSync(join(folder, "none"))).toBe(false);
  });
});

describe("eval --nproc", () => {
  const words = [
    "eval",
    "--checkpoint",
    "early",
    "--batch-size",
    "3",
    "--threads",
    "1",
    "--workers",
    "0",
    "--data",
    "my-pictures",
  ];

  test("has the figures of one process for any number, also of more than there are pictures", () => {
    const all = [1, 2, 3, 9].map((nproc) => {
      const run = tensorone([...words, "--nproc", String(nproc), "--json"], folder);
      expect(run.code, run.stderr).toBe(0);
      const { top1, top5, loss, images, certificate } = JSON.parse(run.stdout) as Record<string, unknown>;
      expect(certificate).toMatchObject({ top1Agreement: 1 });
      return { top1, top5, loss, images };
    });
    for (const one of all) expect(one).toEqual(all[0]);
    expect(all[0]!.images).toBe(8);
  });

  test("tells an error once, as one object", () => {
    const run = tensorone([...words.slice(0, 2), "nothing", "--nproc", "2", "--json"], folder);
    expect(run.code).toBe(1);
    expect(JSON.parse(run.stdout)).toMatchObject({ error: { name: "CheckpointError" } });
  });

  test("refuses a second launcher by its own name", () => {
    const run = tensorone([...words, "--nproc", "2", "--transport", "mpi"], folder);
    expect(run.stderr).toContain("eval: --transport mpi with --nproc, expected mpirun");
  });
});
