/**
 * Affine warps of a picture onto its own size, with OpenCV's arithmetic and therefore its pixels: source positions in
 * fixed point of 10 bits, cubic weights from a table of 32 fractions in 15 bits. What lies outside becomes `fill`.
 * Only what RandAugment needs; cubic warps must move one axis only, as shears do.
 * Facts: OpenCV 4.6, modules/imgproc, warpAffine and remap.
 */
import { createImage, type Image } from "../image.js";
import { roundHalfEven } from "./round.js";

/** Rows of a 2x3 matrix that takes source positions (x, y, 1) to target positions. */
export type Affine = readonly [number, number, number, number, number, number];
export type Rgb = readonly [number, number, number];

const positionBits = 10;
const positionScale = 1 << positionBits;
const fractionBits = 5;
const fractions = 1 << fractionBits;
const weightBits = 15;
const weightScale = 1 << weightBits;
/** Of the cubic; OpenCV's choice, where Pillow has -0.5. */
const cubicSharpness = -0.75;

/** Rotation by `degrees`, clockwise where positive, about the middle of a picture. */
export function rotation(height: number, width: number, degrees: number): Affine {
  const centerX = (width - 1) / 2;
  const centerY = (height - 1) / 2;
  const angle = (-degrees * Math.PI) / 180;
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  return [cos, sin, (1 - cos) * centerX - sin * centerY, -sin, cos, sin * centerX + (1 - cos) * centerY];
}

/** Shear about the origin along one axis; the amount is rounded to float32 as the reference stores it. */
export function shear(axis: "x" | "y", amount: number): Affine {
  const rounded = Math.fround(amount);
  return axis === "x" ? [1, rounded, 0, 0, 1, 0] : [1, 0, 0, rounded, 1, 0];
}

/** Shift by pixels along one axis; rounded to float32 as the reference stores it. */
export function translation(axis: "x" | "y", pixels: number): Affine {
  const rounded = Math.fround(pixels);
  return axis === "x" ? [1, 0, rounded, 0, 1, 0] : [1, 0, 0, 0, 1, rounded];
}

/** The matrix from target to source, in the order of operations that gives OpenCV's bits. */
function inverted([a, b, c, d, e, f]: Affine): Affine {
  const determinant = a * e - b * d;
  const scale = determinant === 0 ? 0 : 1 / determinant;
  const [xx, xy, yx, yy] = [e * scale, b * -scale, d * -scale, a * scale];
  return [xx, xy, -xx * c - xy * f, yx, yy, -yx * c - yy * f];
}

/** Fixed-point source positions of a target row: position(x) = start + step[x], for both coordinates. */
interface Positions {
  readonly stepX: Int32Array;
  readonly stepY: Int32Array;
  start(y: number): readonly [x: number, y: number];
}

function positionsOf(matrix: Affine, width: number, rounding: number): Positions {
  const [xx, xy, xc, yx, yy, yc] = inverted(matrix);
  const steps = (slope: number): Int32Array =>
    Int32Array.from({ length: width }, (_, x) => roundHalfEven(slope * x * positionScale));
  return {
    stepX: steps(xx),
    stepY: steps(yx),
    start: (y) => [
      roundHalfEven((xy * y + xc) * positionScale) + rounding,
      roundHalfEven((yy * y + yc) * positionScale) + rounding,
    ],
  };
}

/** The warped picture, each pixel from the nearest of the source. */
export function warpNearest(image: Image, matrix: Affine, fill: Rgb): Image {
  const { width, height, data: source } = image;
  const target = createImage(width, height);
  const out = target.data;
  const { stepX, stepY, start } = positionsOf(matrix, width, positionScale / 2);
  const [red, green, blue] = fill;
  let at = 0;
  for (let y = 0; y < height; y++) {
    const [startX, startY] = start(y);
    for (let x = 0; x < width; x++, at += 3) {
      const sourceX = (startX + stepX[x]!) >> positionBits;
      const sourceY = (startY + stepY[x]!) >> positionBits;
      if (sourceX >= 0 && sourceX < width && sourceY >= 0 && sourceY < height) {
        const from = (sourceY * width + sourceX) * 3;
        out[at] = source[from]!;
        out[at + 1] = source[from + 1]!;
        out[at + 2] = source[from + 2]!;
      } else {
        out[at] = red;
        out[at + 1] = green;
        out[at + 2] = blue;
      }
    }
  }
  return target;
}

/** Weights of the source pixels around a position whose fraction is along one axis. */
interface Taps {
  /** Pixels along x and y from the pixel the position lies in. */
  readonly offsetX: Int32Array;
  readonly offsetY: Int32Array;
  /** Of 15 bits; they add up to 1. */
  readonly weights: Int32Array;
}

/** The cubic's four weights at the distances 1+t, t, 1-t, 2-t, in float32 steps. */
function cubicWeights(t: number): number[] {
  const f = Math.fround;
  const a = cubicSharpness;
  const x = f(t);
  const x1 = f(x + 1);
  const rest = f(1 - x);
  const first = f(f(f(f(f(f(f(a * x1) - 5 * a) * x1) + 8 * a)) * x1) - 4 * a);
  const inner = (u: number): number => f(f(f(f(f(f((a + 2) * u) - (a + 3)) * u)) * u) + 1);
  const second = inner(x);
  const third = inner(rest);
  return [first, second, third, f(f(f(1 - first) - second) - third)];
}

/**
 * The taps for each of the 32 fractions. The table is of 4x4 products rounded to 15 bits; what rounding lost or added is
 * given to the largest, or taken from the smallest, of the four in its lower right middle.
 */
function tapsTable(axis: "x" | "y"): readonly Taps[] {
  return Array.from({ length: fractions }, (_, fraction) => {
    const along = cubicWeights(fraction / fractions);
    const across = [0, 1, 0, 0];
    const [columns, rows] = axis === "x" ? [along, across] : [across, along];
    const table = rows.flatMap((row) => columns.map((column) => roundHalfEven(row * column * weightScale)));
    const surplus = table.reduce((sum, weight) => sum + weight, 0) - weightScale;
    const middle = [10, 11, 14, 15];
    const pick = (better: (a: number, b: number) => boolean): number =>
      middle.reduce((best, i) => (better(table[i]!, table[best]!) ? i : best));
    const corrected = surplus < 0 ? pick((a, b) => a > b) : pick((a, b) => a < b);
    if (surplus !== 0) table[corrected] = table[corrected]! - surplus;
    const used = table.flatMap((weight, i) => (weight === 0 ? [] : [i]));
    return {
      offsetX: Int32Array.from(used, (i) => (i % 4) - 1),
      offsetY: Int32Array.from(used, (i) => Math.floor(i / 4) - 1),
      weights: Int32Array.from(used, (i) => table[i]!),
    };
  });
}

const tapsOf: Partial<Record<"x" | "y", readonly Taps[]>> = {};

/** The warped picture by cubic interpolation; `matrix` moves pixels along `axis` only. */
export function warpCubic(image: Image, axis: "x" | "y", matrix: Affine, fill: Rgb): Image {
  const { width, height, data: source } = image;
  const target = createImage(width, height);
  const out = target.data;
  tapsOf[axis] ??= tapsTable(axis);
  const table = tapsOf[axis];
  const rounding = positionScale / fractions / 2;
  const { stepX, stepY, start } = positionsOf(matrix, width, rounding);
  const shift = positionBits - fractionBits;
  let at = 0;
  for (let y = 0; y < height; y++) {
    const [startX, startY] = start(y);
    for (let x = 0; x < width; x++, at += 3) {
      const fineX = (startX + stepX[x]!) >> shift;
      const fineY = (startY + stepY[x]!) >> shift;
      const { offsetX, offsetY, weights } = table[(axis === "x" ? fineX : fineY) & (fractions - 1)]!;
      const baseX = fineX >> fractionBits;
      const baseY = fineY >> fractionBits;
      let [red, green, blue] = [0, 0, 0];
      for (let i = 0; i < weights.length; i++) {
        const sourceX = baseX + offsetX[i]!;
        const sourceY = baseY + offsetY[i]!;
        const weight = weights[i]!;
        if (sourceX >= 0 && sourceX < width && sourceY >= 0 && sourceY < height) {
          const from = (sourceY * width + sourceX) * 3;
          red += source[from]! * weight;
          green += source[from + 1]! * weight;
          blue += source[from + 2]! * weight;
        } else {
          red += fill[0] * weight;
          green += fill[1] * weight;
          blue += fill[2] * weight;
        }
      }
      out[at] = level(red);
      out[at + 1] = level(green);
      out[at + 2] = level(blue);
    }
  }
  return target;
}

/** A weighted sum rounded to a level of 0 to 255. */
function level(sum: number): number {
  const value = (sum + weightScale / 2) >> weightBits;
  return value < 0 ? 0 : value > 255 ? 255 : value;
}
