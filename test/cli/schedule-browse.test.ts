/** `schedule` and `browse` as their users call them. */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { crop, type Image } from "../../src/data/codecs/image.js";
import { decodeImage } from "../../src/data/codecs/index.js";
import { DataLoader } from "../../src/data/reading/loader.js";
import { openDataset } from "../../src/data/sets/dataset.js";
import { mobileoneRecipe } from "../../src/models/mobileone/recipes.js";
import { changeAugmentation } from "../../src/train/recipes/change-augmentation.js";
import { trainPipeline } from "../../src/train/recipes/pipeline.js";
import { packageRoot, tensorone } from "./spawn.js";

const images = join(packageRoot, "test", "golden", "data", "images");
const erasing = { probability: 0.5, scale: [0.02, 0.3], ratio: [0.3, 3], mode: "rand", value: [0, 0, 0] };
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tensorone-browse-"));
  for (const split of ["train", "val"])
    for (const [i, name] of ["cat", "dog"].entries()) {
      const pictures = join(folder, "pets", split, name);
      mkdirSync(pictures, { recursive: true });
      for (const picture of [["rgb.jpg", "s420.jpg"], ["grey.jpg"]][i]!)
        copyFileSync(join(images, picture), join(pictures, picture));
    }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const json = (args: readonly string[]) => {
  const { code, stdout, stderr } = tensorone([...args, "--json"], folder);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as Record<string, unknown>;
};

test("schedule: a line for the first and last epoch and for every switch, and the curves", () => {
  const { code, stdout } = tensorone(["schedule", "--model", "mobileone_s2", "--replicas", "8"], folder);
  expect(code).toBe(0);
  expect(stdout).toContain("300 epochs of 5,005 steps of 8 replicas x 32 images, 1,281,167 train images");
  expect(stdout).toMatch(/^ +0 +0 +1e-4 +-> 0\.0201 +1\.000e-4 +0 +160x160 +level 2\.1$/m);
  expect(stdout).toMatch(/^ +36 +180,180 .* 192x192 +level 4\.9$/m);
  expect(stdout).toMatch(/^ +111 +555,555 .* 224x224 +level 7$/m);
  expect(stdout).toMatch(/^ +299 .* 3\.84e-6 +1\.000e-5 +1\.000e-5 +224x224 +level 7$/m);
  expect(stdout).toMatch(/^lr +[▁-█]{60} {2}3\.84e-6 to 0\.1$/m);
  const lines = (args: readonly string[]) => tensorone(["schedule", ...args], folder).stdout.split("\n").length;
  expect(lines(["--all"])).toBeGreaterThan(300);
  expect(lines([])).toBeLessThan(50);
});

test("schedule --json: steps of a data set, scaled rates, the shipped form", () => {
  const given = json(["schedule", "--data", "pets", "--batch-size", "2", "--epochs", "4", "--auto-scale-lr"]);
  expect(given).toMatchObject({ model: "mobileone_s0", images: 3, stepsPerEpoch: 2, batchSize: 2, plot: null });
  const epochs = given.epochs as { lr: number; firstStep: number }[];
  expect(epochs.map(({ firstStep }) => firstStep)).toEqual([0, 2, 4, 6]);
  expect(epochs[0]!.lr).toBeCloseTo((1e-4 * 2) / 256, 15);
  const shipped = json(["schedule", "--model", "mobileone_s4", "--recipe", "as-shipped"]);
  expect(shipped.recipe).toBe("mobileone_s4-as-shipped");
  for (const { trainSize } of shipped.epochs as { trainSize: number }[]) expect(trainSize).toBe(160);
});

test("schedule of another optimiser and curve, in steps of several batches", () => {
  const given = json([
    "schedule",
    "--optimizer",
    "adamw",
    "--schedule",
    "one-cycle",
    "--accumulate",
    "4",
    "--epochs",
    "30",
  ]);
  const images = 1_281_167;
  const stepsPerEpoch = Math.ceil(Math.ceil(images / 32) / 4);
  expect(given).toMatchObject({ images, stepsPerEpoch });
  const epochs = given.epochs as { lr: number; weightDecay: number }[];
  expect(epochs[0]!.lr).toBeCloseTo(1e-3 / 25, 12);
  // the rise takes 30 % of the run
  expect(epochs.findIndex(({ lr }, i) => lr > (epochs[i + 1]?.lr ?? 0))).toBe(9);
  expect(new Set(epochs.map(({ weightDecay }) => weightDecay))).toEqual(new Set([0.01]));
  const { stdout } = tensorone(["schedule", "--accumulate", "4", "--replicas", "2"], folder);
  expect(stdout).toContain("steps of 2 replicas x 4 x 32 images");
});

test("schedule --plot: an SVG with the curves, which is not overwritten", () => {
  const args = ["schedule", "--model", "mobileone_s1", "--plot", "s1.svg"];
  expect(tensorone(args, folder)).toMatchObject({ code: 0, stdout: expect.stringContaining("wrote s1.svg") });
  const svg = readFileSync(join(folder, "s1.svg"), "utf8");
  expect(svg).toMatch(/^<svg xmlns=/);
  expect(svg.match(/<polyline /g)).toHaveLength(5);
  const points = /points="([^"]+)"/.exec(svg)![1]!.split(" ");
  expect(points).toHaveLength(300);
  expect(svg).not.toContain("NaN");
  expect(tensorone(args, folder)).toMatchObject({ code: 2, stderr: expect.stringContaining("exists already") });
  expect(tensorone([...args, "--force"], folder).code).toBe(0);
  expect(tensorone(["schedule", "--plot", "s1.txt"], folder)).toMatchObject({ code: 2 });
  expect(existsSync(join(folder, "s1.txt"))).toBe(false);
});

test("browse shows the very pictures that the loader gives training", async () => {
  const args = ["--data", "pets", "--model", "mobileone_s2", "--epoch", "110", "--seed", "3"];
  const chance = ["--color-jitter", "0.4,0.4,0.4,0.1", "--random-erasing", "1", "--random-erasing-mode", "rand"];
  const report = json(["browse", ...args, ...chance, "--variants", "2", "--count", "2", "--out", "sheet.png"]);
  expect(report).toMatchObject({ recipe: "mobileone_s2", tile: 224, epoch: 110, variants: 2 });
  const sheet = decodeImage(readFileSync(join(folder, "sheet.png")));
  expect([sheet.width, sheet.height]).toEqual([report.width, report.height]);
  const pictures = report.pictures as {
    path: string;
    class: string;
    views: { epoch: number; position: number; crop: object; operations: unknown[]; erased: object | null }[];
  }[];
  expect(pictures).toHaveLength(2);
  for (const { views } of pictures)
    for (const { operations, erased } of views) {
      expect(operations).toEqual(expect.arrayContaining([{ name: "saturation", magnitude: expect.any(Number) }]));
      expect(erased).toMatchObject({ top: expect.any(Number) });
    }
  const dataset = openDataset(join(folder, "pets"), "train");
  const recipe = changeAugmentation(mobileoneRecipe("mobileone_s2"), {
    ...{ colorJitter: [0.4, 0.4, 0.4, 0.1], randomErasing: 1, randomErasingMode: "rand" },
  });
  const loader = new DataLoader(dataset, {
    batchSize: 1,
    seed: 3,
    shuffle: true,
    workers: 0,
    transform: (epoch) => trainPipeline(recipe, epoch),
  });
  const tileAt = (column: number, row: number, side: number): Image => {
    const start = 4 + row * 228;
    const left = 4 + Math.floor(column / 3) * (3 * 228 - 4 + 12) + (column % 3) * 228;
    return crop(sheet, { left: left + (224 - side) / 2, top: start + (224 - side) / 2, width: side, height: side });
  };
  let compared = 0;
  for (const [i, epoch] of [110, 111].entries()) {
    const side = [192, 224][i]!;
    for await (const batch of loader.epoch(epoch)) {
      const place = batch.next.epoch > epoch ? dataset.length - 1 : batch.next.position - 1;
      const which = pictures.findIndex(({ views }) => views[i]!.position === place);
      if (which < 0) continue;
      expect(dataset.samples[batch.indices[0]!]!.path).toContain(pictures[which]!.path);
      // two groups stand side by side
      const shown = tileAt(which * 3 + 1 + i, 0, side);
      expect(Buffer.compare(Buffer.from(batch.images), shown.data)).toBe(0);
      compared++;
    }
  }
  await loader.close();
  expect(compared).toBe(4);
});

test("a sheet names the class below each picture", () => {
  const args = ["browse", "--data", "pets", "--image-size", "64", "--variants", "1", "--count", "3"];
  json([...args, "--out", "named.png"]);
  const { width, height, data } = decodeImage(readFileSync(join(folder, "named.png")));
  const darkRows = Array.from({ length: height }, (_, y) =>
    data
      .subarray(y * width * 3, (y + 1) * width * 3)
      .some((value, i, row) => i % 3 === 0 && value === 30 && row[i + 1] === 30),
  );
  // a gap, a tile, a line of letters, a gap
  expect(height).toBeGreaterThan(4 + 64 + 7 + 4);
  expect(darkRows.slice(4 + 64 + 1, height - 4).some(Boolean)).toBe(true);
});

test("schedule and browse show what a config will do, and with what it differs from the recipe", () => {
  const config = { extends: "mobileone_s2", epochs: 30, optimizer: { lr: 0.02 }, images: { randomErasing: erasing } };
  writeFileSync(join(folder, "my.json"), JSON.stringify({ ...config, run: { data: "pets", seed: 3 } }));
  const words = ["--config", "my.json", "--set", "batchSize=1"];
  const { changed, resolved, ...plan } = json(["schedule", ...words]);
  expect(plan).toMatchObject({ model: "mobileone_s2", images: 3, stepsPerEpoch: 3, batchSize: 1 });
  expect(changed).toContain("optimizer.lr was 0.1, is 0.02");
  expect(resolved).toMatchObject({ optimizer: { lr: 0.02 }, plan: "short", images: { randomErasing: erasing } });
  expect(tensorone(["schedule", ...words], folder).stdout).toContain("\nchanged: batchSize was 32, is 1\n");
  const sheet = json(["browse", ...words, "--count", "1", "--variants", "1", "--epoch", "11", "--out", "my.png"]);
  expect(sheet).toMatchObject({ recipe: "mobileone_s2", seed: 3, tile: 224 });
  expect(sheet.changed).toEqual(changed);
  const other = tensorone(["schedule", ...words, "--batch-size", "2"], folder);
  expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining("--batch-size says batchSize as well") });
});

test("browse needs nothing but a name, and does not overwrite", () => {
  writeFileSync(join(folder, "mine.png"), "mine");
  expect(tensorone(["browse", "--out", "mine.png"], folder)).toMatchObject({ code: 2 });
  expect(readFileSync(join(folder, "mine.png"), "utf8")).toBe("mine");
  const { code, stdout } = tensorone(["browse", "--count", "3"], folder);
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^recipe mobileone_s0-demo, epoch 0: 32x32, no RandAugment {2}decoder [a-z-]+\nwrote browse\.png/,
  );
  const more = ["--auto-augment", "svhn", "--color-jitter", ".4", "--random-erasing", ".25", "--count", "3", "--force"];
  expect(tensorone(["browse", ...more], folder).stdout).toContain(
    "32x32, no RandAugment, AutoAugment svhn, colour jitter 0.4, 0.4, 0.4, 0, random erasing 25 %, const",
  );
  expect(tensorone(["browse", "--data", "nothing", "--out", "x.png"], folder).code).toBe(1);
  expect(existsSync(join(folder, "x.png"))).toBe(false);
});
