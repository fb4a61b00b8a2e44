/**
 * Affine warps of a picture onto its own size, with OpenCV's arithmetic and therefore its pixels: source positions in
 * fixed point of 10 bits, cubic weights from a table of 32 fractions in 15 bits. What lies outside becomes `fill`.
 * Only what RandAugment needs; cubic warps must move one axis only, as shears do.
 * Facts: OpenCV 4.6, modules/imgproc, warpAffine and remap.
 */
import { createImage, type Image } from "../codecs/image.js";
import { roundHalfEven } from "./round.js";

/** Rows of a 2x3 matrix that takes source positions (x, y, 1) to target positions. */
export type Affine = readonly [number, number, number, number, number, number];
export type Rgb = readonly [number, number, number];

/** ImageNet's mean in bytes: mmpretrain's (104, 116, 124), which it writes blue first. */
export const imagenetFill: Rgb = [124, 116, 104];

const POSITION_BITS = 10;
const POSITION_SCALE = 1 << POSITION_BITS;
const FRACTION_BITS = 5;
const FRACTIONS = 1 << FRACTION_BITS;
const WEIGHT_BITS = 15;
const WEIGHT_SCALE = 1 << WEIGHT_BITS;
/** Of the cubic; OpenCV's choice, where Pillow has -0.5. */
const CUBIC_SHARPNESS = -0.75;

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
    Int32Array.from({ length: width }, (_, x) => roundHalfEven(slope * x * POSITION_SCALE));
  return {
    stepX: steps(xx),
    stepY: steps(yx),
    start: (y) => [
      roundHalfEven((xy * y + xc) * POSITION_SCALE) + rounding,
      roundHalfEven((yy * y + yc) * POSITION_SCALE) + rounding,
    ],
  };
}

/** The warped picture, each pixel from the nearest of the source. */
export function warpNearest(image: Image, matrix: Affine, fill: Rgb): Image {
  const { width, height, data: source } = image;
  const target = createImage(width, height);
  const out = target.data;
  const { stepX, stepY, start } = positionsOf(matrix, width, POSITION_SCALE / 2);
  const [red, green, blue] = fill;
  let at = 0;
  for (let y = 0; y < height; y++) {
    const [startX, startY] = start(y);
    for (let x = 0; x < width; x++, at += 3) {
      const sourceX = (startX + stepX[x]!) >> POSITION_BITS;
      const sourceY = (startY + stepY[x]!) >> POSITION_BITS;
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

/** The cubic's four weights at the distances 1+t, t, 1-t, 2-t, in float32 steps. */
function cubicWeights(t: number): number[] {
  const f = Math.fround;
  const a = CUBIC_SHARPNESS;
  const x = f(t);
  const x1 = f(x + 1);
  const rest = f(1 - x);
  const first = f(f(f(f(f(f(f(a * x1) - 5 * a) * x1) + 8 * a)) * x1) - 4 * a);
  const inner = (u: number): number => f(f(f(f(f(f((a + 2) * u) - (a + 3)) * u)) * u) + 1);
  const second = inner(x);
  const third = inner(rest);
  return [first, second, third, f(f(f(1 - first) - second) - third)];
}

/** Four along the axis, and one beside it that takes what rounding lost. */
const TAP_COUNT = 5;

/**
 * Weights of 15 bits by fraction, `tapCount` each; they add up to 1. OpenCV rounds the 4x4 products of the fractions of both
 * axes and gives what that lost to an entry of the lower right middle. Where one fraction is 0 these entries are all 0, and
 * the first of them gets it: one pixel further along the axis, and one beside it.
 */
const cubicTable: Int32Array = (() => {
  const table = new Int32Array(FRACTIONS * TAP_COUNT);
  for (let fraction = 0; fraction < FRACTIONS; fraction++) {
    const weights = cubicWeights(fraction / FRACTIONS).map((weight) => roundHalfEven(weight * WEIGHT_SCALE));
    weights.push(WEIGHT_SCALE - weights.reduce((sum, weight) => sum + weight, 0));
    table.set(weights, fraction * TAP_COUNT);
  }
  return table;
})();

/** The warped picture by cubic interpolation; `matrix` moves pixels along `axis` only. */
export function warpCubic(image: Image, axis: "x" | "y", matrix: Affine, fill: Rgb): Image {
  const { width, height, data: source } = image;
  const target = createImage(width, height);
  const out = new Uint8ClampedArray(target.data.buffer);
  const { stepX, stepY, start } = positionsOf(matrix, width, POSITION_SCALE / FRACTIONS / 2);
  const shift = POSITION_BITS - FRACTION_BITS;
  const [along, across] = axis === "x" ? [3, width * 3] : [width * 3, 3];
  let at = 0;
  for (let y = 0; y < height; y++) {
    const [startX, startY] = start(y);
    for (let x = 0; x < width; x++, at += 3) {
      const fineX = (startX + stepX[x]!) >> shift;
      const fineY = (startY + stepY[x]!) >> shift;
      const baseX = fineX >> FRACTION_BITS;
      const baseY = fineY >> FRACTION_BITS;
      const taps = ((axis === "x" ? fineX : fineY) & (FRACTIONS - 1)) * TAP_COUNT;
      if (baseX >= 1 && baseX < width - 2 && baseY >= 1 && baseY < height - 2) {
        const w0 = cubicTable[taps]!;
        const w1 = cubicTable[taps + 1]!;
        const w2 = cubicTable[taps + 2]!;
        const w3 = cubicTable[taps + 3]!;
        const w4 = cubicTable[taps + 4]!;
        const from = (baseY * width + baseX) * 3;
        for (let c = from; c < from + 3; c++) {
          const sum =
            w0 * source[c - along]! +
            w1 * source[c]! +
            w2 * source[c + along]! +
            w3 * source[c + 2 * along]! +
            w4 * source[c + along + across]!;
          out[at + c - from] = (sum + WEIGHT_SCALE / 2) >> WEIGHT_BITS;
        }
      } else {
        for (let c = 0; c < 3; c++) {
          let sum = 0;
          for (let tap = 0; tap < TAP_COUNT; tap++) {
            const isBeside = tap === TAP_COUNT - 1;
            const forth = isBeside ? 1 : tap - 1;
            const aside = isBeside ? 1 : 0;
            const sourceX = baseX + (axis === "x" ? forth : aside);
            const sourceY = baseY + (axis === "x" ? aside : forth);
            const isInside = sourceX >= 0 && sourceX < width && sourceY >= 0 && sourceY < height;
            sum += cubicTable[taps + tap]! * (isInside ? source[(sourceY * width + sourceX) * 3 + c]! : fill[c]!);
          }
          out[at + c] = (sum + WEIGHT_SCALE / 2) >> WEIGHT_BITS;
        }
      }
    }
  }
  return target;
}
