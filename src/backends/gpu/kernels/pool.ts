/** Pooling in gather form: a thread per output walks its window, a thread per input gradient the windows that hold it. */
import type { Pool2dAttrs } from "../../../ops/spec/index.js";
import { allOf, defineKernel, type GpuKernel, splitPair } from "../kernel.js";
import { type BufferOperand, type Lowering, type View, viewOf } from "../plan.js";

const geometry = allOf("integer", ["h", "w", "oh", "ow", "kh", "kw", "strideY", "strideX", "padY", "padX"]);

const overWindow = (start: string, take: string, finish: string): string =>
  `${splitPair("n", "oy", "this.thread.z", "oh")}
  ${start}
  for (let ky = 0; ky < kh; ky++) {
    const iy = oy * strideY + ky - padY;
    if (iy >= 0 && iy < h) {
      for (let kx = 0; kx < kw; kx++) {
        const ix = this.thread.y * strideX + kx - padX;
        if (ix >= 0 && ix < w) {
          const v = x[n * h + iy][ix][this.thread.x];
          ${take}
        }
      }
    }
  }
  ${finish}`;

const averageKernel = defineKernel(
  { name: "avgPool2d", rank: 3, args: { x: "array", ...geometry } },
  overWindow("let total = 0;", "total += v;", "return total / (kh * kw);"),
);
const maximumKernel = defineKernel(
  { name: "maxPool2d", rank: 3, args: { x: "array", ...geometry } },
  overWindow(
    "let best = 0;\nlet found = 0;",
    "if (found < 0.5 || (isNan(best) < 0.5 && (isNan(v) > 0.5 || v > best))) { best = v; }\nfound = 1;",
    "return best;",
  ),
);

/** `take` sees oy, ox of a window that holds the input. */
const overOutputs = (take: string): string =>
  `${splitPair("n", "iy", "this.thread.z", "h")}
  let total = 0;
  for (let ky = 0; ky < kh; ky++) {
    const up = iy + padY - ky;
    const oy = Math.floor((up + 0.5) / strideY);
    if (up >= 0 && oy * strideY === up && oy < oh) {
      for (let kx = 0; kx < kw; kx++) {
        const left = this.thread.y + padX - kx;
        const ox = Math.floor((left + 0.5) / strideX);
        if (left >= 0 && ox * strideX === left && ox < ow) {
          ${take}
        }
      }
    }
  }`;

const averageGradKernel = defineKernel(
  { name: "avgPool2dGrad", rank: 3, args: { dy: "array", ...geometry } },
  `${overOutputs("total += dy[n * oh + oy][ox][this.thread.x];")}
  return total / (kh * kw);`,
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
            const jy = oy * strideY + qy - padY;
            if (jy >= 0 && jy < h) {
              for (let qx = 0; qx < kw; qx++) {
                const jx = ox * strideX + qx - padX;
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
  { kernelSize: [kh, kw], stride: [strideY, strideX], padding: [padY, padX] }: Pool2dAttrs,
) => ({ h: h!, w: w!, oh: oh!, ow: ow!, kh, kw, strideY, strideX, padY, padX });

const dimsOf = ({ shape: [n, h, w, c] }: BufferOperand) => [c!, w!, n! * h!] as const;

export const pools = {
  avgPool2d: (([x], attrs, [y], plan) =>
    plan.call(averageKernel, y.place, dimsOf(y), {
      x: images(x),
      ...geometryOf(x, y, attrs),
    })) as Lowering<"avgPool2d">,
  avgPool2dGrad: (([dy], attrs, [dx], plan) =>
    plan.call(averageGradKernel, dx.place, dimsOf(dx), {
      dy: images(dy),
      ...geometryOf(dx, dy, attrs),
    })) as Lowering<"avgPool2dGrad">,
  maxPool2d: (([x], attrs, [y], plan) =>
    plan.call(maximumKernel, y.place, dimsOf(y), {
      x: images(x),
      ...geometryOf(x, y, attrs),
    })) as Lowering<"maxPool2d">,
  maxPool2dGrad: (([dy, x], attrs, [dx], plan) =>
    plan.call(maximumGradKernel, dx.place, dimsOf(dx), {
      dy: images(dy),
      x: images(x),
      ...geometryOf(dx, dy, attrs),
    })) as Lowering<"maxPool2dGrad">,
};

export const poolKernels: readonly GpuKernel[] = [averageKernel, maximumKernel, averageGradKernel, maximumGradKernel];
