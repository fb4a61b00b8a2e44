/** Pictures of the bundled set as the loader gives them, kept for several runs on the same batches. */
import { join } from "node:path";
import { DataLoader } from "../../src/data/reading/loader.js";
import { ImageFolder } from "../../src/data/sets/image-folder.js";
import type { Transform } from "../../src/data/transforms/index.js";
import { repositoryRoot } from "../paths.js";

const demo = join(repositoryRoot, "demo", "fashion-mnist");

export interface Pictures {
  /** [N, H, W, 3] */
  readonly images: Uint8Array;
  readonly labels: Int32Array;
}

export interface Choice {
  readonly transform: Transform;
  readonly batchSize: number;
  readonly seed: number;
  /** Drawn for training, over several epochs where needed. Default: one epoch in order, its last batch short. */
  readonly batches?: number;
}

export const demoClasses = (): readonly string[] => ImageFolder.open(demo, "train").classes;

export async function demoPictures(
  split: string,
  { transform, batchSize, seed, batches }: Choice,
): Promise<{ readonly pictures: readonly Pictures[]; readonly batchesPerEpoch: number }> {
  const isTraining = batches !== undefined;
  const loader = new DataLoader(ImageFolder.open(demo, split), {
    ...{ batchSize, transform, seed, workers: 0, shuffle: isTraining, dropLast: isTraining },
  });
  const pictures: Pictures[] = [];
  for (let epoch = 0; pictures.length < (batches ?? 1); epoch++)
    for await (const batch of loader.epoch(epoch)) {
      pictures.push({ images: Uint8Array.from(batch.images), labels: Int32Array.from(batch.labels) });
      batch.release();
      if (pictures.length === batches) break;
    }
  return { pictures, batchesPerEpoch: loader.batchesPerEpoch };
}
