/** Batches of the demo set for training steps under test: pictures that can be learnt, where noise would leave S0 chaotic. */
import { join } from "node:path";
import { ImageFolder } from "../../src/data/image-folder.js";
import { DataLoader } from "../../src/data/loader.js";
import { trainTransform } from "../../src/data/transforms/index.js";
import { mobileoneS0Demo } from "../../src/train/recipes/mobileone-s0.js";
import { BATCH, type Pictures, SIDE } from "./s0-steps.js";

const demo = join(import.meta.dirname, "../../demo/fashion-mnist");

export async function demoBatches(count: number): Promise<Pictures[]> {
  const loader = new DataLoader(ImageFolder.open(demo, "train"), {
    batchSize: BATCH,
    transform: trainTransform({ imageSize: SIDE, ...mobileoneS0Demo.images }),
    ...{ seed: 0, workers: 0, shuffle: true, dropLast: true },
  });
  const found: Pictures[] = [];
  for await (const batch of loader.epoch(0)) {
    found.push({ images: Uint8Array.from(batch.images), labels: Int32Array.from(batch.labels) });
    batch.release();
    if (found.length === count) return found;
  }
  throw new Error(`the demo set has ${found.length} batches of ${BATCH}, expected ${count}`);
}
