/**
 * What chance does to one picture, in words and numbers: the draws of applyTransform in the same order, without touching a
 * pixel. For looking at a pipeline; a test holds it to consume the generator alike.
 */
import type { Box } from "../codecs/image.js";
import type { MersenneTwister } from "../random.js";
import { type DrawnAutoOperation, drawAutoAugment, operationsOf } from "./auto-augment.js";
import { type DrawnColor, drawColors } from "./color-jitter.js";
import { shortSideSize } from "./geometry.js";
import type { Transform } from "./index.js";
import { type DrawnOperation, drawOperations } from "./rand-augment.js";
import { drawErasedBox, drawNoise } from "./random-erasing.js";
import { sampleCrop } from "./random-resized-crop.js";

/** The draws of one picture. */
export interface Drawn {
  /** In pixels of the decoded picture; null where the pipeline draws none. */
  readonly crop: Box | null;
  readonly isFlipped: boolean;
  /** Of RandAugment, AutoAugment and ColorJitter, in the order in which they are done. */
  readonly operations: readonly (DrawnOperation | DrawnAutoOperation | DrawnColor)[];
  /** In pixels of the picture as it is then; null where none is erased. */
  readonly erased: Box | null;
}

/** The draws that `transform` makes for a picture of this size; at most one crop, before anything else that resizes. */
export function traceTransform(transform: Transform, height: number, width: number, rng: MersenneTwister): Drawn {
  let crop: Box | null = null;
  let isFlipped = false;
  let erased: Box | null = null;
  let size = { height, width };
  const operations: Drawn["operations"][number][] = [];
  for (const step of transform) {
    if (step.kind === "randomResizedCrop") {
      crop = sampleCrop(rng, height, width, step.scale, step.ratio);
      size = { height: step.size, width: step.size };
    } else if (step.kind === "resizeShortSide") size = shortSideSize(size.height, size.width, step.size);
    else if (step.kind === "centerCrop")
      size = { height: Math.min(step.size, size.height), width: Math.min(step.size, size.width) };
    else if (step.kind === "randomFlip") isFlipped = rng.double() < step.probability !== isFlipped;
    else if (step.kind === "randAugment") operations.push(...drawOperations(step, rng));
    else if (step.kind === "autoAugment")
      operations.push(...operationsOf(step.policy, drawAutoAugment(step, rng), size.height, size.width));
    else if (step.kind === "colorJitter") operations.push(...drawColors(step, rng));
    else {
      erased = drawErasedBox(step, size.height, size.width, rng);
      if (erased && step.mode === "rand") for (let i = 0; i < erased.width * erased.height * 3; i++) drawNoise(rng);
    }
  }
  return { crop, isFlipped, operations, erased };
}
