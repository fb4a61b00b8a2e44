/**
 * RandAugment with the policy "timm increasing" as mmpretrain runs it: two operations of fifteen, drawn with replacement,
 * each applied with probability 1/2 at a magnitude near the level. The table holds the operations; drawing is apart from
 * doing, so that a picture's operations can be listed. Draws are in the reference's order from numpy's legacy generator.
 */
import type { Image } from "../codecs/image.js";
import type { MersenneTwister } from "../random.js";
import { imagenetFill, type Rgb, rotation, shear, translation, warpCubic, warpNearest } from "./affine.js";
import {
  autoContrast,
  brightness,
  color,
  contrast,
  equalize,
  invert,
  posterize,
  sharpness,
  solarize,
  solarizeAdd,
} from "./photometric.js";

/** Draws `count` operations at a strength near `level`. */
export interface RandAugmentStep {
  readonly kind: "randAugment";
  /** Of 0 to 10. */
  readonly level: number;
  /** Standard deviation of the level from operation to operation. */
  readonly levelDeviation: number;
  /** Operations per picture. */
  readonly count: number;
  /** What moves in from outside, red green blue. */
  readonly fill: Rgb;
}

/** One operation as drawn; `magnitude` is null where it has none. */
export interface DrawnOperation {
  readonly name: OperationName;
  readonly magnitude: number | null;
}

interface Operation {
  /** Magnitudes at level 0 and at level 10; null: there is only one way to do it. */
  readonly range: readonly [number, number] | null;
  /** Whether half of the magnitudes are negated. */
  readonly isSigned: boolean;
  /** May change its input in place. */
  readonly run: (image: Image, magnitude: number, fill: Rgb) => Image;
}

const plain = (run: Operation["run"]): Operation => ({ range: null, isSigned: false, run });
const graded = (low: number, high: number, run: Operation["run"]): Operation => ({
  range: [low, high],
  isSigned: false,
  run,
});
const signed = (high: number, run: Operation["run"]): Operation => ({ range: [0, high], isSigned: true, run });

/** The order is part of the draw. */
export const operations = {
  autoContrast: plain(autoContrast),
  equalize: plain(equalize),
  invert: plain(invert),
  rotate: signed(30, (image, degrees, fill) => warpNearest(image, rotation(image.height, image.width, degrees), fill)),
  posterize: graded(4, 0, posterize),
  solarize: graded(256, 0, solarize),
  solarizeAdd: graded(0, 110, solarizeAdd),
  color: signed(0.9, (image, change) => color(image, 1 + change)),
  contrast: signed(0.9, (image, change) => contrast(image, 1 + change)),
  brightness: signed(0.9, (image, change) => brightness(image, 1 + change)),
  sharpness: signed(0.9, (image, change) => sharpness(image, 1 + change)),
  shearX: signed(0.3, (image, amount, fill) => warpCubic(image, "x", shear("x", amount), fill)),
  shearY: signed(0.3, (image, amount, fill) => warpCubic(image, "y", shear("y", amount), fill)),
  translateX: signed(0.45, (image, share, fill) => warpNearest(image, translation("x", share * image.width), fill)),
  translateY: signed(0.45, (image, share, fill) => warpNearest(image, translation("y", share * image.height), fill)),
} as const satisfies Record<string, Operation>;

export type OperationName = keyof typeof operations;
export const operationNames = Object.keys(operations) as readonly OperationName[];

const HIGHEST_LEVEL = 10;
const APPLIED = 0.5;
const NEGATED = 0.5;

/** The step of MobileOne's recipes at a level of 0 to 10. */
export function randAugmentStep(level: number): RandAugmentStep {
  return { kind: "randAugment", level, levelDeviation: 0.5, count: 2, fill: imagenetFill };
}

/** The operations one picture gets, which may be none: all indices first, then per operation whether, how much, which way. */
export function drawOperations(step: RandAugmentStep, rng: MersenneTwister): DrawnOperation[] {
  const names = Array.from({ length: step.count }, () => operationNames[rng.randint(operationNames.length)]!);
  return names.flatMap((name) => {
    const operation: Operation = operations[name];
    if (rng.double() > APPLIED) return [];
    return [
      { name, magnitude: operation.range === null ? null : drawMagnitude(operation, operation.range, step, rng) },
    ];
  });
}

function drawMagnitude(
  { isSigned }: Operation,
  [low, high]: readonly [number, number],
  step: RandAugmentStep,
  rng: MersenneTwister,
): number {
  const drawn = step.levelDeviation > 0 ? rng.normal(step.level, step.levelDeviation) : step.level;
  const level = Math.min(HIGHEST_LEVEL, Math.max(0, drawn));
  const magnitude = (level / HIGHEST_LEVEL) * (high - low) + low;
  return isSigned && rng.double() < NEGATED ? -magnitude : magnitude;
}

/** Does one operation; may change the picture in place. */
export function runOperation(image: Image, { name, magnitude }: DrawnOperation, fill: Rgb): Image {
  const operation: Operation = operations[name];
  return operation.run(image, magnitude ?? 0, fill);
}

/** Draws and does; may change the picture in place. */
export function randAugment(image: Image, step: RandAugmentStep, rng: MersenneTwister): Image {
  return drawOperations(step, rng).reduce((current, drawn) => runOperation(current, drawn, step.fill), image);
}
