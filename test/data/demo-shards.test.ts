/** The shards that the package carries hold the demo set's pictures: the same bytes in the same order, so the same batches. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DataLoader } from "../../src/data/reading/loader.js";
import { openDataset } from "../../src/data/sets/dataset.js";
import { PictureFiles } from "../../src/data/sets/picture-source.js";
import { trainTransform } from "../../src/data/transforms/index.js";

const root = join(import.meta.dirname, "..", "..");
const folder = join(root, "demo", "fashion-mnist");
let home: string;
let shards: string;

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "demo-shards-"));
  shards = join(home, "shards");
  const script = join(root, "scripts", "make-demo-shards.mjs");
  const { status, stderr } = spawnSync(process.execPath, [script, shards], { encoding: "utf8" });
  if (status !== 0) throw new Error(`make-demo-shards ended with ${status}: ${stderr}`);
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

test.each(["train", "val"])("every picture of %s, with its label", (split) => {
  const [files, packed] = [openDataset(folder, split), openDataset(shards, split)];
  expect(packed.classes).toEqual(files.classes);
  expect(packed.length).toBe(files.length);
  const [fromFiles, fromShards] = [new PictureFiles(0), new PictureFiles(0)];
  for (const [i, sample] of files.samples.entries()) {
    const other = packed.samples[i]!;
    expect(other.label).toBe(sample.label);
    expect(Buffer.compare(fromShards.bytesOf(other), fromFiles.bytesOf(sample)), sample.path).toBe(0);
  }
  fromFiles.close();
  fromShards.close();
});

test("the same bits of augmented batches, by a thread or without", async () => {
  const first = async (data: string, workers: number) => {
    const options = { batchSize: 16, transform: trainTransform({ imageSize: 24 }), seed: 3, shuffle: true, workers };
    const loader = new DataLoader(openDataset(data, "train"), options);
    const seen: { images: Uint8Array; labels: number[] }[] = [];
    for await (const { images, labels } of loader.epoch(0)) {
      seen.push({ images: Uint8Array.from(images), labels: [...labels] });
      if (seen.length === 4) break;
    }
    await loader.close();
    return seen;
  };
  const expected = await first(folder, 0);
  expect(expected.length).toBe(4);
  expect(await first(shards, 0)).toEqual(expected);
  expect(await first(shards, 1)).toEqual(expected);
});

test("a damaged shard of the same size is an error that names the picture", () => {
  const file = join(shards, "val-000000.tar.gz");
  const good = readFileSync(file);
  writeFileSync(file, Buffer.from(good).fill(0, 1000, 1100));
  const [sample] = openDataset(shards, "val").samples;
  expect(() => new PictureFiles(0).bytesOf(sample!)).toThrow(/val-000000\.tar\.gz\(00_t-shirt.*\): cannot be read/);
  writeFileSync(file, good);
});
