/**
 * RandomResizedCrop: a random part of the picture, by area and aspect ratio, resized to a square. Draw order, rounding
 * and fallback are those of mmpretrain's transform, so that the same seed cuts the same boxes.
 */
import type { Box, Image } from "../codecs/image.js";
import type { MersenneTwister } from "../random.js";
import { type FilterName, resize } from "./resize.js";
import { roundHalfEven } from "./round.js";

/** Settings of the crop; `scale` is a range of area fractions, `ratio` one of width / height. */
export interface RandomResizedCropStep {
  readonly kind: "randomResizedCrop";
  readonly size: number;
  readonly scale: readonly [number, number];
  readonly ratio: readonly [number, number];
  readonly filter: FilterName;
}

/** What torchvision, mmpretrain and the Inception paper use. */
export const defaultScale: readonly [number, number] = [0.08, 1];
export const defaultRatio: readonly [number, number] = [3 / 4, 4 / 3];
const MAX_TRIES = 10;

/** Draws a crop box for a picture of the given size: per try area, ratio, and on acceptance top, left. */
export function sampleCrop(
  rng: MersenneTwister,
  height: number,
  width: number,
  scale: readonly [number, number] = defaultScale,
  ratio: readonly [number, number] = defaultRatio,
): Box {
  const [logLow, logHigh] = [Math.log(ratio[0]), Math.log(ratio[1])];
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    const area = rng.uniform(scale[0], scale[1]) * height * width;
    const aspect = Math.exp(rng.uniform(logLow, logHigh));
    const boxWidth = roundHalfEven(Math.sqrt(area * aspect));
    const boxHeight = roundHalfEven(Math.sqrt(area / aspect));
    if (boxWidth > 0 && boxWidth <= width && boxHeight > 0 && boxHeight <= height) {
      const top = rng.randint(height - boxHeight + 1);
      const left = rng.randint(width - boxWidth + 1);
      return { top, left, height: boxHeight, width: boxWidth };
    }
  }
  return centralBox(height, width, ratio);
}

/** The largest centred box whose aspect ratio is in range. */
function centralBox(height: number, width: number, [low, high]: readonly [number, number]): Box {
  const aspect = width / height;
  const boxWidth = aspect > high ? roundHalfEven(height * high) : width;
  const boxHeight = aspect < low ? roundHalfEven(width / low) : height;
  return {
    top: Math.floor((height - boxHeight) / 2),
    left: Math.floor((width - boxWidth) / 2),
    height: boxHeight,
    width: boxWidth,
  };
}

/** Cuts and resizes in one go: -> [size, size, 3]. */
export function randomResizedCrop(
  image: Image,
  step: RandomResizedCropStep,
  rng: MersenneTwister,
  into?: Uint8Array,
): Image {
  const box = sampleCrop(rng, image.height, image.width, step.scale, step.ratio);
  const { size, filter } = step;
  return resize(image, { width: size, height: size, filter, box, ...(into && { into }) });
}
