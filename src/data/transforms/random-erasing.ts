/**
 * RandomErasing (Zhong et al. 2020): a random box of the picture, by area and aspect ratio, filled with one colour or with noise.
 * The box is drawn as torchvision 0.14 draws it. Pictures are bytes here and normalised afterwards, so that the colour is one
 * of bytes: ImageNet's mean by default, which normalises to within 0.01 of torchvision's 0.
 */
import { DataError } from "../../util/errors.js";
import type { Box, Image } from "../codecs/image.js";
import type { MersenneTwister } from "../random.js";
import { imagenetFill, type Rgb } from "./affine.js";
import { roundHalfEven } from "./round.js";

/** How often, which boxes, and what they are filled with (mmpretrain's words for the modes). */
export interface RandomErasing {
  readonly probability: number;
  /** Range of area fractions. */
  readonly scale: readonly [number, number];
  /** Range of height / width. */
  readonly ratio: readonly [number, number];
  /** "const": the colour `value`. "rand": every sample a byte of its own, all equally often. */
  readonly mode: "const" | "rand";
  /** Red, green, blue of "const", in 0..255. */
  readonly value: Rgb;
}

/** The step that erases by chance. */
export interface RandomErasingStep extends RandomErasing {
  readonly kind: "randomErasing";
}

/** torchvision's ranges. */
export const defaultErasing: RandomErasing = {
  probability: 0.5,
  scale: [0.02, 0.33],
  ratio: [0.3, 3.3],
  mode: "const",
  value: imagenetFill,
};
const MAX_TRIES = 10;
const LEVELS = 256;

const isRange = ([low, high]: readonly [number, number], most: number): boolean =>
  low > 0 && low <= high && high <= most;

/** What is wrong with the numbers; null where nothing is. */
function problemOf({ probability, scale, ratio, mode, value }: RandomErasing): string | null {
  if (!(probability >= 0 && probability <= 1)) return `probability is ${probability}, expected 0 to 1`;
  if (!isRange(scale, 1)) return `scale is [${scale}], expected rising shares of the area, above 0 and at most 1`;
  if (!isRange(ratio, Number.MAX_VALUE)) return `ratio is [${ratio}], expected rising numbers above 0`;
  if (mode !== "const" && mode !== "rand") return `mode is ${JSON.stringify(mode)}, expected "const" or "rand"`;
  const areBytes =
    value.length === 3 && value.every((level) => Number.isInteger(level) && level >= 0 && level < LEVELS);
  return areBytes ? null : `value is [${value}], expected a byte for each of 3 channels, before they are normalised`;
}

/** The step, with torchvision's numbers where left out. Throws DataError for numbers that cannot be meant. */
export function randomErasingStep(erasing: Partial<RandomErasing>): RandomErasingStep {
  const step = { kind: "randomErasing", ...defaultErasing, ...erasing } as const;
  const problem = problemOf(step);
  if (problem !== null) throw new DataError(`randomErasing: ${problem}`);
  return step;
}

/** The box to erase from a picture of this size: per try area, ratio, and on acceptance top, left; null: none. */
export function drawErasedBox(step: RandomErasing, height: number, width: number, rng: MersenneTwister): Box | null {
  if (rng.double() >= step.probability) return null;
  const [logLow, logHigh] = [Math.log(step.ratio[0]), Math.log(step.ratio[1])];
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    const area = rng.uniform(step.scale[0], step.scale[1]) * height * width;
    const aspect = Math.exp(rng.uniform(logLow, logHigh));
    const boxHeight = roundHalfEven(Math.sqrt(area * aspect));
    const boxWidth = roundHalfEven(Math.sqrt(area / aspect));
    if (boxHeight >= height || boxWidth >= width) continue;
    const top = rng.randint(height - boxHeight + 1);
    const left = rng.randint(width - boxWidth + 1);
    return { top, left, height: boxHeight, width: boxWidth };
  }
  return null;
}

/** Fills the box row by row with what `next` gives for each channel, in place. */
export function eraseBox(image: Image, { top, left, height, width }: Box, next: (channel: number) => number): Image {
  const { data } = image;
  for (let y = top; y < top + height; y++) {
    const start = (y * image.width + left) * 3;
    for (let i = 0; i < width * 3; i++) data[start + i] = next(i % 3);
  }
  return image;
}

/** A byte of "rand". */
export const drawNoise = (rng: MersenneTwister): number => rng.randint(LEVELS);

/** Draws and does, in place. */
export function randomErasing(image: Image, step: RandomErasingStep, rng: MersenneTwister): Image {
  const box = drawErasedBox(step, image.height, image.width, rng);
  if (box === null) return image;
  return eraseBox(image, box, step.mode === "rand" ? () => drawNoise(rng) : (channel) => step.value[channel]!);
}
