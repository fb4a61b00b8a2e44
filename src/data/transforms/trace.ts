/**
 * What chance does to one picture, in words and numbers: the draws of applyTransform in the same order, without touching a
 * pixel. For looking at a pipeline; a test holds it to consume the generator alike.
 */
import type { Box } from "../codecs/image.js";
import type { MersenneTwister } from "../random.js";
import type { Transform } from "./index.js";
import { type DrawnOperation, drawOperations } from "./rand-augment.js";
import { sampleCrop } from "./random-resized-crop.js";

/** The draws of one picture. */
export interface Drawn {
  /** In pixels of the decoded picture; null where the pipeline draws none. */
  readonly crop: Box | null;
  readonly isFlipped: boolean;
  readonly operations: readonly DrawnOperation[];
}

/** The draws that `transform` makes for a picture of this size; at most one crop, before anything else that resizes. */
export function traceTransform(transform: Transform, height: number, width: number, rng: MersenneTwister): Drawn {
  let crop: Box | null = null;
  let isFlipped = false;
  const operations: DrawnOperation[] = [];
  for (const step of transform) {
    if (step.kind === "randomResizedCrop") crop = sampleCrop(rng, height, width, step.scale, step.ratio);
    else if (step.kind === "randomFlip") isFlipped = rng.double() < step.probability !== isFlipped;
    else if (step.kind === "randAugment") operations.push(...drawOperations(step, rng));
  }
  return { crop, isFlipped, operations };
}
