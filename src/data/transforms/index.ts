/**
 * A pipeline is data: a list of steps that can be printed, compared, and sent to a worker thread. `applyTransform` runs
 * one; `trainTransform` and `evalTransform` are the two of the MobileOne recipe. Decoding comes before, normalising after.
 */
import { DataError } from "../../util/errors.js";
import type { Image } from "../codecs/image.js";
import { MersenneTwister } from "../random.js";
import { type AutoAugmentStep, autoAugment, autoAugmentStep } from "./auto-augment.js";
import type { AutoAugmentPolicy } from "./auto-augment-policies.js";
import { type ColorJitter, type ColorJitterStep, colorJitter, colorJitterStep } from "./color-jitter.js";
import {
  type CenterCropStep,
  centerCrop,
  type RandomFlipStep,
  type ResizeShortSideStep,
  randomFlip,
  resizeShortSide,
} from "./geometry.js";
import { type RandAugmentStep, randAugment, randAugmentStep } from "./rand-augment.js";
import { type RandomErasing, type RandomErasingStep, randomErasing, randomErasingStep } from "./random-erasing.js";
import { defaultRatio, defaultScale, type RandomResizedCropStep, randomResizedCrop } from "./random-resized-crop.js";

/** One step of a pipeline. */
export type TransformStep =
  | RandomResizedCropStep
  | RandomFlipStep
  | RandAugmentStep
  | AutoAugmentStep
  | ColorJitterStep
  | RandomErasingStep
  | ResizeShortSideStep
  | CenterCropStep;
/** Steps in the order they run. */
export type Transform = readonly TransformStep[];

type Kind = TransformStep["kind"];
type StepOf<K extends Kind> = Extract<TransformStep, { kind: K }>;
/** Runs one step; may write its result to `into` when it is given, and may change its input in place. */
type Run<K extends Kind> = (image: Image, step: StepOf<K>, rng: MersenneTwister, into?: Uint8Array) => Image;

const steps: { readonly [K in Kind]: Run<K> } = {
  randomResizedCrop,
  randomFlip,
  randAugment,
  autoAugment,
  colorJitter,
  randomErasing,
  resizeShortSide,
  centerCrop: (image, step, _rng, into) => centerCrop(image, step, into),
};

/** The largest side a network is trained at, and the share of it that evaluation resizes to first (256 for 224). */
const EVAL_RESIZE_RATIO = 256 / 224;

/** What a train pipeline is made of; all but the size have the recipe's values by default. */
export interface TrainTransformOptions {
  readonly imageSize: number;
  /** Smallest share of the picture that a crop covers. */
  readonly minCropArea?: number;
  readonly flipProbability?: number;
  /** Level of RandAugment, 0 to 10; null or left out: none. */
  readonly randAugmentLevel?: number | null;
  /** Policy of AutoAugment; null or left out: none. */
  readonly autoAugment?: AutoAugmentPolicy | null;
  /** How far colours may change, what is left out not at all; null or left out: none. */
  readonly colorJitter?: Partial<ColorJitter> | null;
  /** Erasing of boxes, torchvision's numbers where left out; null or left out: none. */
  readonly randomErasing?: Partial<RandomErasing> | null;
}

/**
 * Random crop, random flip, then what is asked for, in timm's order: RandAugment, AutoAugment, colours, erasing:
 * -> [imageSize, imageSize, 3] (mmpretrain's train pipelines). Throws DataError for amounts that are none.
 *
 * @example
 * ```ts
 * const transform = trainTransform({ imageSize: 224, colorJitter: { brightness: 0.4, hue: 0.1 }, randomErasing: {} });
 * console.log(transform.map(({ kind }) => kind)); // ["randomResizedCrop", "randomFlip", "colorJitter", "randomErasing"]
 * ```
 */
export function trainTransform(options: TrainTransformOptions): Transform {
  const { imageSize, minCropArea = defaultScale[0], flipProbability = 0.5, randAugmentLevel = null } = options;
  const scale = [minCropArea, defaultScale[1]] as const;
  return [
    { kind: "randomResizedCrop", size: imageSize, scale, ratio: defaultRatio, filter: "bilinear" },
    { kind: "randomFlip", probability: flipProbability },
    ...(randAugmentLevel === null ? [] : [randAugmentStep(randAugmentLevel)]),
    ...(options.autoAugment ? [autoAugmentStep(options.autoAugment)] : []),
    ...(options.colorJitter ? [colorJitterStep(options.colorJitter)] : []),
    ...(options.randomErasing ? [randomErasingStep(options.randomErasing)] : []),
  ];
}

/**
 * Short side to `resizeSize` (default: 256 for 224, the same share for other sizes), then the centre.
 *
 * @example
 * ```ts
 * console.log(evalTransform({ imageSize: 224 }));
 * ```
 */
export function evalTransform(options: { readonly imageSize: number; readonly resizeSize?: number }): Transform {
  const { imageSize, resizeSize = Math.round(imageSize * EVAL_RESIZE_RATIO) } = options;
  if (resizeSize < imageSize)
    throw new DataError(
      `evalTransform: resizeSize ${resizeSize} is smaller than imageSize ${imageSize}, expected at least as much`,
    );
  return [
    { kind: "resizeShortSide", size: resizeSize, filter: "bilinear" },
    { kind: "centerCrop", size: imageSize },
  ];
}

/** Whether a step decides how large the picture is. */
const isSizing = (step: TransformStep): step is RandomResizedCropStep | ResizeShortSideStep | CenterCropStep =>
  step.kind === "randomResizedCrop" || step.kind === "resizeShortSide" || step.kind === "centerCrop";

/** Side of the squares a pipeline gives; throws DataError if its pictures would differ in size. */
export function outputSize(transform: Transform): number {
  const sizing = transform.findLast(isSizing);
  if (sizing === undefined || sizing.kind === "resizeShortSide")
    throw new DataError(
      `transform: [${transform.map((step) => step.kind).join(", ")}] gives pictures of different sizes, expected one size for a batch`,
      "end it with a centerCrop or a randomResizedCrop",
    );
  return sizing.size;
}

/**
 * Runs the pipeline on one picture; `random` is what its random steps draw from, a number a seed. The pixels end in `into` if
 * given. Throws DataError if they do not fill it. A step may change the picture that it is given.
 *
 * @example
 * <!-- test: given picture from test/docs/given/images.ts -->
 * ```ts
 * const square = applyTransform(evalTransform({ imageSize: 24 }), await readImage(picture));
 * console.log(normalize(square).shape); // [24, 24, 3]
 * ```
 */
export function applyTransform(
  transform: Transform,
  image: Image,
  random: MersenneTwister | number = 0,
  into?: Uint8Array,
): Image {
  const rng = typeof random === "number" ? new MersenneTwister(random) : random;
  const lastSizing = transform.findLastIndex(isSizing);
  const result = transform.reduce((current, step, i) => {
    const run = steps[step.kind] as Run<Kind>;
    return run(current, step, rng, i === lastSizing ? into : undefined);
  }, image);
  if (into === undefined) return result;
  if (result.width * result.height * 3 !== into.length)
    throw new DataError(
      `transform: gave a ${result.width}x${result.height} picture, expected ${into.length / 3} pixels`,
    );
  if (result.data !== into) into.set(result.data);
  return result;
}
