/**
 * Affine warps of a picture onto its own size by the nearest pixel, with Pillow's arithmetic and therefore its pixels:
 * source positions in fixed point of 16 bits, added up along rows and columns (Pillow 9.4, Geometry.c). affine.ts has OpenCV's.
 * Pillow's for sources of less than 2^15 pixels a side, turned by any angle; beyond 23,000 it takes floats.
 */
import { createImage, type Image } from "../codecs/image.js";
import type { Affine, Rgb } from "./affine.js";

const POSITION_BITS = 16;
const fixed = (value: number): number => Math.floor(value * (1 << POSITION_BITS) + 0.5);

/** From target positions to those of a picture turned by `degrees` about its middle, anticlockwise where positive. */
export function turned(height: number, width: number, degrees: number): Affine {
  const angle = -((((degrees % 360) + 360) % 360) * Math.PI) / 180;
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  const [x, y] = [width / 2, height / 2];
  return [cos, sin, cos * -x + sin * -y + x, -sin, cos, -sin * -x + cos * -y + y];
}

/** From target positions to those of a picture sheared about its origin along one axis. */
export const sheared = (axis: "x" | "y", amount: number): Affine =>
  axis === "x" ? [1, amount, 0, 0, 1, 0] : [1, 0, 0, amount, 1, 0];

/** From target positions to those of a picture moved by whole pixels along one axis. */
export const moved = (axis: "x" | "y", pixels: number): Affine =>
  axis === "x" ? [1, 0, -pixels, 0, 1, 0] : [1, 0, 0, 0, 1, -pixels];

/** The warped picture; `matrix` takes target positions (x, y, 1) to source positions, what lies outside becomes `fill`. */
export function warp(image: Image, [xx, xy, xc, yx, yy, yc]: Affine, fill: Rgb): Image {
  const { width, height, data: source } = image;
  const target = createImage(width, height);
  const out = target.data;
  const [stepXx, stepXy, stepYx, stepYy] = [fixed(xx), fixed(xy), fixed(yx), fixed(yy)];
  let startX = fixed(xc + xx * 0.5 + xy * 0.5);
  let startY = fixed(yc + yx * 0.5 + yy * 0.5);
  let at = 0;
  for (let y = 0; y < height; y++, startX += stepXy, startY += stepYy) {
    let positionX = startX;
    let positionY = startY;
    for (let x = 0; x < width; x++, at += 3, positionX += stepXx, positionY += stepYx) {
      const sourceX = positionX >> POSITION_BITS;
      const sourceY = positionY >> POSITION_BITS;
      if (sourceX >= 0 && sourceX < width && sourceY >= 0 && sourceY < height) {
        const from = (sourceY * width + sourceX) * 3;
        out[at] = source[from]!;
        out[at + 1] = source[from + 1]!;
        out[at + 2] = source[from + 2]!;
      } else out.set(fill, at);
    }
  }
  return target;
}
