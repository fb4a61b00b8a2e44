/** Batches for training steps under test: pictures that can be learnt, where noise would leave S0 chaotic. */
import { demoPictures, type Pictures } from "../../bench/work/demo-pictures.js";
import { trainTransform } from "../../src/data/transforms/index.js";
import { mobileoneS0Demo } from "../../src/models/mobileone/recipe-s0.js";
import { BATCH, SIDE } from "./s0-steps.js";

export async function demoBatches(batches: number): Promise<readonly Pictures[]> {
  const transform = trainTransform({ imageSize: SIDE, ...mobileoneS0Demo.images });
  return (await demoPictures("train", { transform, batchSize: BATCH, seed: 0, batches })).pictures;
}
