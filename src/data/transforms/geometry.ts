/**
 * The transforms without chance, and the flip: resizing the short side, cutting the centre. Rounding follows mmpretrain
 * (truncate when resizing, half to even when centring).
 */
import { type Box, crop, flipHorizontal, type Image } from "../codecs/image.js";
import type { MersenneTwister } from "../random.js";
import { type FilterName, resize } from "./resize.js";
import { roundHalfEven } from "./round.js";

/** Mirror left to right with the given probability. */
export interface RandomFlipStep {
  readonly kind: "randomFlip";
  readonly probability: number;
}

/** Resize so that the shorter side has `size` pixels, keeping the aspect ratio. */
export interface ResizeShortSideStep {
  readonly kind: "resizeShortSide";
  readonly size: number;
  readonly filter: FilterName;
}

/** Cut a centred square of `size` pixels. */
export interface CenterCropStep {
  readonly kind: "centerCrop";
  readonly size: number;
}

/** Height and width after the short side became `size`; the long side is truncated. */
export function shortSideSize(height: number, width: number, size: number): { height: number; width: number } {
  return width < height
    ? { width: size, height: Math.trunc((size * height) / width) }
    : { width: Math.trunc((size * width) / height), height: size };
}

/** The centred size x size box of a picture, cut to the picture where that is smaller. */
export function centerBox(height: number, width: number, size: number): Box {
  const boxHeight = Math.min(size, height);
  const boxWidth = Math.min(size, width);
  return {
    top: Math.max(0, roundHalfEven((height - size) / 2)),
    left: Math.max(0, roundHalfEven((width - size) / 2)),
    height: boxHeight,
    width: boxWidth,
  };
}

/** Pillow-exact resize of the short side. */
export function resizeShortSide(image: Image, step: ResizeShortSideStep): Image {
  return resize(image, { ...shortSideSize(image.height, image.width, step.size), filter: step.filter });
}

/** Cuts the centre out, without resizing: -> [size, size, 3], or less where the picture is smaller. */
export function centerCrop(image: Image, step: CenterCropStep, into?: Uint8Array): Image {
  return crop(image, centerBox(image.height, image.width, step.size), into);
}

/** One uniform draw; mirrors in place below the probability. */
export function randomFlip(image: Image, step: RandomFlipStep, rng: MersenneTwister): Image {
  return rng.double() < step.probability ? flipHorizontal(image) : image;
}
