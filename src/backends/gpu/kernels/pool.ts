/** Pooling in gather form: a thread per output walks its window, a thread per input gradient the windows that hold it. */
import type { AvgPool2dAttrs, Pool2dAttrs } from "../../../ops/spec/index.js";
import { dtypes } from "../../../tensor/dtype.js";
import type { Shape } from "../../../tensor/shape.js";
import { allOf, defineKernel, type GpuKernel, splitPair } from "../kernel.js";
import { type BufferOperand, type Lowering, type View, viewOf } from "../plan.js";

const geometry = allOf("integer", [
  "h",
  "w",
  "oh",
  "ow",
  "kh",
  "kw",
  "strideY",
  "strideX",
  "padY",
  "padX",
  "stepY",
  "stepX",
]);
/** Which taps of a window count in its mean: those from -slack to below the limit; a divisor other than 0 stands for them all. */
const counting = {
  ...allOf("integer", ["slackY", "slackX", "limitY", "limitX"]),
  divisor: "float",
} as const;

/** Declares `size`, the taps along an axis of window `from` that count. */
const countTaps = (size: string, tap: string, axis: "Y" | "X", from: string): string => `let ${size} = 0;
  for (let ${tap} = 0; ${tap} < ${axis === "Y" ? "kh" : "kw"}; ${tap}++) {
    const at${axis} = ${from} * stride${axis} + ${tap} * step${axis} - pad${axis};
    if (at${axis} + slack${axis} >= 0 && at${axis} < limit${axis}) { ${size} += 1; }
  }`;
/** Declares `share`, what a sum is divided by. */
const SHARE = `let share = rows * columns;
  if (share < 1) { share = 1; }
  if (divisor !== 0) { share = divisor; }`;

const overWindow = (start: string, take: string, finish: string): string =>
  `${splitPair("n", "oy", "this.thread.z", "oh")}
  ${start}
  for (let ky = 0; ky < kh; ky++) {
    const iy = oy * strideY + ky * stepY - padY;
    if (iy >= 0 && iy < h) {
      for (let kx = 0; kx < kw; kx++) {
        const ix = this.thread.y * strideX + kx * stepX - padX;
        if (ix >= 0 && ix < w) {
          const v = x[n * h + iy][ix][this.thread.x];
          ${take}
        }
      }
    }
  }
  ${finish}`;

const averageKernel = defineKernel(
  { name: "avgPool2d", rank: 3, args: { x: "array", ...geometry, ...counting } },
  overWindow(
    "let total = 0;",
    "total += v;",
    `${countTaps("rows", "ty", "Y", "oy")}
  ${countTaps("columns", "tx", "X", "this.thread.y")}
  ${SHARE}
  return total / share;`,
  ),
);
const maximumKernel = defineKernel(
  { name: "maxPool2d", rank: 3, args: { x: "array", ...geometry, lowest: "float" } },
  overWindow(
    "let best = lowest;\nlet found = 0;",
    "if (found < 0.5 || (isNan(best) < 0.5 && (isNan(v) > 0.5 || v > best))) { best = v; }\nfound = 1;",
    "return best;",
  ),
);
/** The last of several NaN, as in PyTorch; positions are exact below 2^24. */
const indicesKernel = defineKernel(
  { name: "maxPool2dIndices", rank: 3, args: { x: "array", ...geometry } },
  overWindow(
    "let best = 0;\nlet place = 0 - 1;",
    "if (place < 0 || isNan(v) > 0.5 || (isNan(best) < 0.5 && v > best)) { best = v;\nplace = iy * w + ix; }",
    "return place;",
  ),
);

/** `take` sees oy, ox of a window that holds the input. */
const overOutputs = (take: string): string =>
  `${splitPair("n", "iy", "this.thread.z", "h")}
  let total = 0;
  for (let ky = 0; ky < kh; ky++) {
    const up = iy + padY - ky * stepY;
    const oy = Math.floor((up + 0.5) / strideY);
    if (up >= 0 && oy * strideY === up && oy < oh) {
      for (let kx = 0; kx < kw; kx++) {
        const left = this.thread.y + padX - kx * stepX;
        const ox = Math.floor((left + 0.5) / strideX);
        if (left >= 0 && ox * strideX === left && ox < ow) {
          ${take}
        }
      }
    }
  }`;

const averageGradKernel = defineKernel(
  { name: "avgPool2dGrad", rank: 3, args: { dy: "array", ...geometry, ...counting } },
  `${overOutputs(`${countTaps("rows", "ty", "Y", "oy")}
          ${countTaps("columns", "tx", "X", "ox")}
          ${SHARE}
          total += dy[n * oh + oy][ox][this.thread.x] / share;`)}
  return total;`,
);
/**
 * The input takes a window's gradient if nothing before it is as large and nothing behind it larger. NaN is the largest, and
 * of several the last, as in PyTorch.
 */
const maximumGradKernel = defineKernel(
  { name: "maxPool2dGrad", rank: 3, args: { dy: "array", x: "array", ...geometry } },
  `${overOutputs(`const mine = x[n * h + iy][this.thread.y][this.thread.x];
          let wins = 1;
          for (let qy = 0; qy < kh; qy++) {
            const jy = oy * strideY + qy * stepY - padY;
            if (jy >= 0 && jy < h) {
              for (let qx = 0; qx < kw; qx++) {
                const jx = ox * strideX + qx * stepX - padX;
                if (jx >= 0 && jx < w) {
                  const other = x[n * h + jy][jx][this.thread.x];
                  let isBefore = 0;
                  if (qy < ky || (qy === ky && qx < kx)) { isBefore = 1; }
                  if (isNan(other) > 0.5) {
                    if (isNan(mine) < 0.5) { wins = 0; }
                    if (isBefore < 0.5 && (qy !== ky || qx !== kx)) { wins = 0; }
                  } else if (isNan(mine) < 0.5) {
                    if (other > mine) { wins = 0; }
                    if (other === mine && isBefore > 0.5) { wins = 0; }
                  }
                }
              }
            }
          }
          if (wins > 0.5) { total += dy[n * oh + oy][ox][this.thread.x]; }`)}
  return total;`,
);

const images = (x: BufferOperand): View => viewOf(x.place, x.shape[0]! * x.shape[1]!, x.shape[2]!, x.shape[3]!);

const geometryOf = (
  { shape: [, h, w] }: BufferOperand,
  { shape: [, oh, ow] }: BufferOperand,
  {
    kernelSize: [kh, kw],
    stride: [strideY, strideX],
    padding: [padY, padX],
    dilation: [stepY, stepX] = [1, 1],
  }: Pool2dAttrs,
) => ({ h: h!, w: w!, oh: oh!, ow: ow!, kh, kw, strideY, strideX, padY, padX, stepY, stepX });

function countingOf(
  [, h, w]: Shape,
  { padding, paddingEnd = padding, countIncludePad = true, divisorOverride = null }: AvgPool2dAttrs,
) {
  const divisor = divisorOverride ?? 0;
  return countIncludePad
    ? { slackY: padding[0], slackX: padding[1], limitY: h! + paddingEnd[0], limitX: w! + paddingEnd[1], divisor }
    : { slackY: 0, slackX: 0, limitY: h!, limitX: w!, divisor };
}

const dimsOf = ({ shape: [n, h, w, c] }: BufferOperand) => [c!, w!, n! * h!] as const;

export const pools = {
  avgPool2d: (([x], attrs, [y], plan) =>
    plan.call(averageKernel, y.place, dimsOf(y), {
      x: images(x),
      ...geometryOf(x, y, attrs),
      ...countingOf(x.shape, attrs),
    })) as Lowering<"avgPool2d">,
  avgPool2dGrad: (([dy], attrs, [dx], plan) =>
    plan.call(averageGradKernel, dx.place, dimsOf(dx), {
      dy: images(dy),
      ...geometryOf(dx, dy, attrs),
      ...countingOf(dx.shape, attrs),
    })) as Lowering<"avgPool2dGrad">,
  maxPool2d: (([x], attrs, [y], plan) =>
    plan.call(maximumKernel, y.place, dimsOf(y), {
      x: images(x),
      ...geometryOf(x, y, attrs),
      lowest: dtypes[x.dtype].range?.[0] ?? Number.NEGATIVE_INFINITY,
    })) as Lowering<"maxPool2d">,
  maxPool2dIndices: (([x], attrs, [y], plan) =>
    plan.call(indicesKernel, y.place, dimsOf(y), {
      x: images(x),
      ...geometryOf(x, y, attrs),
    })) as Lowering<"maxPool2dIndices">,
  maxPool2dGrad: (([dy, x], attrs, [dx], plan) =>
    plan.call(maximumGradKernel, dx.place, dimsOf(dx), {
      dy: images(dy),
      x: images(x),
      ...geometryOf(dx, dy, attrs),
    })) as Lowering<"maxPool2dGrad">,
};

export const poolKernels: readonly GpuKernel[] = [
  averageKernel,
  maximumKernel,
  indicesKernel,
  averageGradKernel,
  maximumGradKernel,
];
