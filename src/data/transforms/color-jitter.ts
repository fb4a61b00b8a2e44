/**
 * ColorJitter: brightness, contrast, saturation and hue changed by random amounts in a random order. Drawing is apart from doing, so
 * that a picture's amounts can be listed; doing gives torchvision 0.14's bytes on Pillow pictures.
 */
import { DataError } from "../../util/errors.js";
import type { Image } from "../codecs/image.js";
import type { MersenneTwister } from "../random.js";
import { adjustBrightness, adjustContrast, adjustSaturation } from "./enhance.js";
import { adjustHue } from "./hue.js";

/** How far each may go: factors within 1 ± amount, at least 0, and hue within ± amount of a full circle. */
export interface ColorJitter {
  readonly brightness: number;
  readonly contrast: number;
  readonly saturation: number;
  /** At most 0.5. */
  readonly hue: number;
}

/** The step that changes colours by chance. */
export interface ColorJitterStep extends ColorJitter {
  readonly kind: "colorJitter";
}

export type ColorAspect = keyof ColorJitter;
/** torchvision's numbering of the four. */
export const colorAspects: readonly ColorAspect[] = ["brightness", "contrast", "saturation", "hue"];

/** One change as drawn: a factor, or the turn of the hue. */
export interface DrawnColor {
  readonly name: ColorAspect;
  readonly magnitude: number;
}

const adjusted: { readonly [A in ColorAspect]: (image: Image, magnitude: number) => Image } = {
  brightness: adjustBrightness,
  contrast: adjustContrast,
  saturation: adjustSaturation,
  hue: adjustHue,
};

const HALF_CIRCLE = 0.5;

/** The step of these amounts, 0 where left out. Throws DataError for amounts that are none. */
export function colorJitterStep(jitter: Partial<ColorJitter>): ColorJitterStep {
  const { brightness = 0, contrast = 0, saturation = 0, hue = 0 } = jitter;
  const step = { kind: "colorJitter", brightness, contrast, saturation, hue } as const;
  for (const name of colorAspects) {
    const most = name === "hue" ? HALF_CIRCLE : Number.MAX_VALUE;
    if (step[name] >= 0 && step[name] <= most) continue;
    throw new DataError(
      `colorJitter: ${name} is ${step[name]}, expected at least 0${name === "hue" ? ` and at most ${HALF_CIRCLE}` : ""}`,
    );
  }
  return step;
}

/** The changes one picture gets, in their order: first the order of the four, then an amount for each that is not 0. */
export function drawColors(step: ColorJitter, rng: MersenneTwister): DrawnColor[] {
  const order = [...colorAspects];
  for (let i = order.length - 1; i > 0; i--) {
    const j = rng.randint(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  const amounts = colorAspects.map((name) => {
    const amount = step[name];
    if (amount === 0) return null;
    return name === "hue" ? rng.uniform(-amount, amount) : rng.uniform(Math.max(0, 1 - amount), 1 + amount);
  });
  return order.flatMap((name) => {
    const magnitude = amounts[colorAspects.indexOf(name)]!;
    return magnitude === null ? [] : [{ name, magnitude }];
  });
}

/** Does the changes in order; may change the picture in place. */
export const jitterColors = (image: Image, drawn: readonly DrawnColor[]): Image =>
  drawn.reduce((current, { name, magnitude }) => adjusted[name](current, magnitude), image);

/** Draws and does; may change the picture in place. */
export const colorJitter = (image: Image, step: ColorJitterStep, rng: MersenneTwister): Image =>
  jitterColors(image, drawColors(step, rng));
