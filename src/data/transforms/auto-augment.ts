/**
 * AutoAugment as torchvision 0.14 runs it on Pillow pictures: one of 25 sub-policies a picture, two operations each. Drawing is
 * apart from doing, so that a picture's operations can be listed.
 */
import { DataError } from "../../util/errors.js";
import type { Image } from "../codecs/image.js";
import type { MersenneTwister } from "../random.js";
import { imagenetFill, type Rgb } from "./affine.js";
import { type AutoAugmentPolicy, autoAugmentPolicies, policies } from "./auto-augment-policies.js";
import { adjustBrightness, adjustContrast, adjustSaturation, adjustSharpness } from "./enhance.js";
import { moved, sheared, turned, warp } from "./nearest-warp.js";
import { autoContrast, equalize, invert, posterize, solarize } from "./photometric.js";

/** Draws a sub-policy and does what of it chance allows. */
export interface AutoAugmentStep {
  readonly kind: "autoAugment";
  readonly policy: AutoAugmentPolicy;
  /** What moves in from outside, red green blue. */
  readonly fill: Rgb;
}

interface Operation {
  /** The magnitude of bin 0 and of bin 9, in between evenly, for a picture of this size; null: there is only one way to do it. */
  readonly range: ((height: number, width: number) => readonly [number, number]) | null;
  /** Whether half of the magnitudes are negated. */
  readonly isSigned: boolean;
  /** May change its input in place. */
  readonly run: (image: Image, magnitude: number, fill: Rgb) => Image;
}

const plain = (run: Operation["run"]): Operation => ({ range: null, isSigned: false, run });
const graded = (low: number, high: number, run: Operation["run"]): Operation => ({
  range: () => [low, high],
  isSigned: false,
  run,
});
const signed = (high: number | ((height: number, width: number) => number), run: Operation["run"]): Operation => ({
  range: (height, width) => [0, typeof high === "number" ? high : high(height, width)],
  isSigned: true,
  run,
});

/** Of the side of a picture: 150 pixels of the paper's 331. */
const MOST_MOVED = 150 / 331;

/** Magnitudes are factors less 1, degrees, pixels, bits or thresholds. */
export const autoOperations = {
  shearX: signed(0.3, (image, amount, fill) => warp(image, sheared("x", amount), fill)),
  shearY: signed(0.3, (image, amount, fill) => warp(image, sheared("y", amount), fill)),
  translateX: signed(
    (_, width) => MOST_MOVED * width,
    (image, pixels, fill) => warp(image, moved("x", Math.trunc(pixels)), fill),
  ),
  translateY: signed(
    (height) => MOST_MOVED * height,
    (image, pixels, fill) => warp(image, moved("y", Math.trunc(pixels)), fill),
  ),
  rotate: signed(30, (image, degrees, fill) => warp(image, turned(image.height, image.width, degrees), fill)),
  brightness: signed(0.9, (image, change) => adjustBrightness(image, 1 + change)),
  color: signed(0.9, (image, change) => adjustSaturation(image, 1 + change)),
  contrast: signed(0.9, (image, change) => adjustContrast(image, 1 + change)),
  sharpness: signed(0.9, (image, change) => adjustSharpness(image, 1 + change)),
  posterize: graded(8, 4, (image, bits) => posterize(image, Math.round(bits))),
  solarize: graded(255, 0, solarize),
  autoContrast: plain(autoContrast),
  equalize: plain(equalize),
  invert: plain(invert),
} as const satisfies Record<string, Operation>;

export type AutoOperationName = keyof typeof autoOperations;

/** An operation of a sub-policy. */
type PolicyRow = readonly [name: AutoOperationName, probability: number, bin?: number];
/** Two operations, one after the other. */
type SubPolicy = readonly [PolicyRow, PolicyRow];

/** One operation as drawn; `magnitude` is null where it has none. */
export interface DrawnAutoOperation {
  readonly name: AutoOperationName;
  readonly magnitude: number | null;
}

/** The step of a policy. Throws DataError for a policy that is none. */
export function autoAugmentStep(policy: AutoAugmentPolicy): AutoAugmentStep {
  if (!autoAugmentPolicies.includes(policy))
    throw new DataError(`autoAugment: policy is ${JSON.stringify(policy)}, expected ${autoAugmentPolicies.join(", ")}`);
  return { kind: "autoAugment", policy, fill: imagenetFill };
}

const BINS = 10;

/** torch.linspace's value of a bin in float32: from the nearer end. */
function binned([low, high]: readonly [number, number], bin: number): number {
  const f = Math.fround;
  const step = f((f(high) - f(low)) / (BINS - 1));
  return bin < BINS / 2 ? f(f(low) + f(step * bin)) : f(f(high) - f(step * (BINS - 1 - bin)));
}

/** What chance decides for a picture. */
export interface AutoAugmentDraw {
  /** Index of the sub-policy. */
  readonly subPolicy: number;
  /** An operation is done where its probability is at least this. */
  readonly chances: readonly [number, number];
  /** Whether a signed magnitude is negated. */
  readonly areNegated: readonly [boolean, boolean];
}

/** torchvision's draws: the sub-policy, two chances, two signs. */
export function drawAutoAugment({ policy }: AutoAugmentStep, rng: MersenneTwister): AutoAugmentDraw {
  const subPolicy = rng.randint(policies[policy].length);
  const chances = [rng.double(), rng.double()] as const;
  return { subPolicy, chances, areNegated: [rng.randint(2) === 0, rng.randint(2) === 0] };
}

/** The operations that these draws give a picture of this size; may be none. */
export function operationsOf(
  policy: AutoAugmentPolicy,
  { subPolicy, chances, areNegated }: AutoAugmentDraw,
  height: number,
  width: number,
): DrawnAutoOperation[] {
  const rows: SubPolicy = policies[policy][subPolicy]!;
  return rows.flatMap<DrawnAutoOperation>(([name, probability, bin], i) => {
    if (chances[i]! > probability) return [];
    const { range, isSigned }: Operation = autoOperations[name];
    if (range === null || bin === undefined) return [{ name, magnitude: null }];
    const magnitude = binned(range(height, width), bin);
    return [{ name, magnitude: isSigned && areNegated[i] ? -magnitude : magnitude }];
  });
}

/** Does one operation; may change the picture in place. */
export function runAutoOperation(image: Image, { name, magnitude }: DrawnAutoOperation, fill: Rgb): Image {
  const operation: Operation = autoOperations[name];
  return operation.run(image, magnitude ?? 0, fill);
}

/** Draws and does; may change the picture in place. */
export function autoAugment(image: Image, step: AutoAugmentStep, rng: MersenneTwister): Image {
  return operationsOf(step.policy, drawAutoAugment(step, rng), image.height, image.width).reduce(
    (current, drawn) => runAutoOperation(current, drawn, step.fill),
    image,
  );
}
