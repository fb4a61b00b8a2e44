/** A run that goes on with other pictures than it began with: refused in one line that names them, or told and gone on with. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { setBackend } from "../../src/index.js";
import { mobileoneS0, mobileoneS0Demo } from "../../src/models/mobileone/recipe-s0.js";
import { checkpointText, decodeCheckpointFile } from "../../src/train/checkpoints/checkpoint-format.js";
import { type TrainOptions, train } from "../../src/train/trainer.js";

const root = mkdtempSync(join(tmpdir(), "tensorone-changed-data-"));
const demo = join(import.meta.dirname, "../../demo/fashion-mnist");
const data = join(root, "data");
const at = (name: string) => join(data, "train", "07_sneaker", name);
const recipe = { ...mobileoneS0, ...{ epochs: 9, batchSize: 4, images: mobileoneS0Demo.images } };
const json = join(root, "run", "checkpoints", "epoch_001.json");

beforeAll(async () => {
  await setBackend("wasm", { threads: 1 });
  for (const split of ["train", "val"])
    for (const name of ["01_trouser", "07_sneaker"]) {
      mkdirSync(join(data, split, name), { recursive: true });
      for (const file of readdirSync(join(demo, split, name))
        .sort()
        .slice(0, 4))
        cpSync(join(demo, split, name, file), join(data, split, name, file));
    }
  await run({ maxSteps: 2 });
});
afterAll(() => rmSync(root, { recursive: true }));

/** What was said. */
async function run(options: Partial<TrainOptions>): Promise<string> {
  const lines: string[] = [];
  await train({
    ...{ recipe, data, out: join(root, "run"), seed: 0, workers: 0, validate: false, keep: 9, backendLabel: "wasm" },
    ...{ loggers: [{ onNotice: (line: string) => void lines.push(line) }], ...options },
  });
  return lines.join("\n");
}
/** From the first epoch, to a folder of its own. */
const goOn = (out: string, options: Partial<TrainOptions> = {}) =>
  run({ resume: json, out: join(root, out), maxSteps: 3, ...options });

it("keeps the pictures in checkpoints, and goes on silently where they are the same, wherever they lie", async () => {
  const { data: kept } = decodeCheckpointFile(readFileSync(json), json);
  expect(kept).toMatchObject({ train: { pictures: 8, contents: "whole" }, val: null });
  expect(readdirSync(join(root, "run", "checkpoints"))).toContain(`pictures-${kept!.train.sha256.slice(0, 16)}.gz`);
  cpSync(data, join(root, "moved"), { recursive: true });
  expect(await goOn("same", { data: join(root, "moved") })).not.toContain("other data");
});

it("names what was replaced, renamed, removed, added; --allow-changed-data goes on", async () => {
  const [first = "", second = "", third = ""] = readdirSync(at("")).sort();
  const bytes = readFileSync(at(first));
  const padded = (of: string) => Buffer.concat([readFileSync(at(of)), Buffer.alloc(2000)]).subarray(0, bytes.length);
  writeFileSync(at(first), padded(second));
  const replaced = `train: of 8 pictures 1 replaced (train/07_sneaker/${first})`;
  await expect(goOn("replaced")).rejects.toThrow(`epoch_001.json: other data: ${replaced}`);
  expect(await goOn("replaced", { allowChangedData: true, onBadPicture: "skip" })).toContain(
    `other data: ${replaced}: the run goes on with it`,
  );
  writeFileSync(at(first), bytes);

  renameSync(at(second), at("z.jpg"));
  await expect(goOn("renamed")).rejects.toThrow(`1 renamed (train/07_sneaker/${second} to train/07_sneaker/z.jpg)`);
  renameSync(at("z.jpg"), at(second));

  const former = readFileSync(at(third));
  rmSync(at(third));
  await expect(goOn("removed")).rejects.toThrow(`1 removed (train/07_sneaker/${third})`);
  // seven pictures are as many steps, ten one more
  expect(await goOn("removed", { allowChangedData: true })).not.toContain("an epoch had");
  writeFileSync(at(third), former);
  for (const name of ["x.jpg", "y.jpg"]) writeFileSync(at(name), former);
  await expect(goOn("added")).rejects.toThrow("2 added (train/07_sneaker/x.jpg, train/07_sneaker/y.jpg)");
  // as the command line does: the recipe was fitted to the steps that the run began with
  const { recipe: fitted } = decodeCheckpointFile(readFileSync(json), json);
  expect(await goOn("added", { recipe: fitted, allowChangedData: true })).toContain("an epoch had 2 steps and has 3");
  for (const name of ["x.jpg", "y.jpg"]) rmSync(at(name));
});

it("says of a checkpoint without hashes and pictures that it is of an earlier version, and goes on", async () => {
  const { fileSha256: _, data: __, ...former } = decodeCheckpointFile(readFileSync(json), json);
  const sealed = readFileSync(json);
  writeFileSync(json, JSON.stringify(former));
  expect(await goOn("former")).toMatch(/epoch_001\.json is of a version that wrote no hashes/);
  writeFileSync(json, sealed);
  expect(checkpointText(decodeCheckpointFile(sealed, json))).toBe(sealed.toString("utf8"));
});
