import { apply } from "../../ops/apply.js";
import type { ResizeOps } from "../../ops/spec/resize.js";
import { type Entry, fromInputs } from "./entry.js";

export const resizeGradients: { readonly [K in keyof ResizeOps]: Entry<K> | null } = {
  // linear in x, whose gradient goes by the transposed table; the tables themselves have none
  resample: fromInputs(
    ([dy], [, starts, weights, backStarts, backWeights], attrs) => [
      () => apply("resample", [dy, backStarts, backWeights, starts, weights], attrs)[0],
      null,
      null,
      null,
      null,
    ],
    [1, 2, 3, 4],
  ),
};
