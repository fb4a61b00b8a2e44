import type { ResampleOptions } from "../../../src/chapters/resize.js";
import { resizeTables } from "../../../src/chapters/resize-table.js";
import type { AxisAttrs } from "../../../src/ops/spec/index.js";
import type { ResizeOps } from "../../../src/ops/spec/resize.js";
import type { Shape } from "../../../src/tensor/shape.js";
import { type Case, type Input, input } from "./input.js";

/** Both tables as inputs, which are constants. */
function tables(from: number, to: number, options: ResampleOptions): Input[] {
  const { forward, back } = resizeTables(from, to, options);
  return [forward, back].flatMap(({ starts, weights, taps }): Input[] => [
    { shape: [starts.length / 2, 2], fill: { values: [...starts] }, dtype: "int32" },
    { shape: [starts.length / 2, taps], fill: { values: [...weights] } },
  ]);
}

const resize = (shape: Shape, axis: number, to: number, options: ResampleOptions): Case<AxisAttrs> => ({
  inputs: [input(shape), ...tables(shape[axis]!, to, options)],
  attrs: { axis },
});

export const resizeCases: { readonly [K in keyof ResizeOps]: readonly Case<AxisAttrs>[] } = {
  resample: [
    resize([5], 0, 8, { mode: "linear" }),
    resize([1, 3], 0, 2, { mode: "cubic" }),
    resize([2, 4, 5, 3], 1, 8, { mode: "linear" }),
    resize([2, 4, 5, 3], 2, 3, { mode: "cubic" }),
    resize([2, 7, 17], 1, 3, { mode: "linear", antialias: true, excludeOutside: true }),
    resize([2, 3, 16], 1, 6, { mode: "nearest" }),
    resize([1, 9, 4], 1, 2, { mode: "nearest" }),
    resize([3, 4, 33], 1, 2, { mode: "area" }),
    { ...resize([4, 40, 30, 20], 1, 80, { mode: "linear" }), isLarge: true },
    { ...resize([4, 40, 31, 20], 2, 13, { mode: "cubic", antialias: true, excludeOutside: true }), isLarge: true },
  ],
};
