/** What reaches the input of a folded block, by the definitions of its parts. */

import type { BehindAttrs, PatchAttrs } from "../../ops/spec/index.js";
import { sizeOf } from "../../tensor/shape.js";
import type { ArrayView } from "../kernel-table.js";
import { conv2dInputGrad } from "./conv.js";
import { patchMomentsGrad } from "./patch-moments.js";

/** Both gradients and their sum in float64; behind a relu 0 where x <= 0, then the sum over positions. */
export function foldedInputGrad(
  [dy, w, x, mean, dmean, dcovariance]: readonly [ArrayView, ArrayView, ArrayView, ArrayView, ArrayView, ArrayView],
  { behind, ...attrs }: PatchAttrs & BehindAttrs,
  [dx, dbias]: readonly [ArrayView, ...ArrayView[]],
): void {
  const part = (): ArrayView => ({ shape: x.shape, dtype: "float64", data: new Float64Array(sizeOf(x.shape)) });
  const [throughConvolution, throughMoments] = [part(), part()];
  conv2dInputGrad([dy, w], attrs, [throughConvolution]);
  patchMomentsGrad([x, mean, dmean, dcovariance], attrs, [throughMoments]);
  const channels = x.shape[3]!;
  const sums = new Float64Array(channels);
  for (let i = 0; i < dx.data.length; i++) {
    const isPassed = behind === "none" || !(x.data[i]! <= 0);
    const value = isPassed ? throughConvolution.data[i]! + throughMoments.data[i]! : 0;
    dx.data[i] = value;
    if (dbias) sums[i % channels]! += value;
  }
  dbias?.data.set(sums);
}
