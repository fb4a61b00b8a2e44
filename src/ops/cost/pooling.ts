import { type Shape, sizeOf } from "../../tensor/shape.js";
import type { Pool2dAttrs } from "../spec/index.js";
import type { PoolingOps } from "../spec/pooling.js";
import { countMeetings } from "../windows.js";
import type { CostRule } from "./rule.js";

/** One operation for each number of a window that lies on the image, and `perResult` for each window. */
const pooling = (x: Shape, y: Shape, attrs: Pool2dAttrs, perResult: number): number =>
  countMeetings(x, y, attrs).pairs * y[3]! + perResult * sizeOf(y);

/** Elements of x that windows read. */
const pooled = (x: Shape, y: Shape, attrs: Pool2dAttrs): number => countMeetings(x, y, attrs).inputs * x[3]!;

export const poolingCosts: { readonly [K in keyof PoolingOps]: CostRule<K> } = {
  avgPool2d: ([x], attrs, [y]) => ({
    others: pooling(x, y, attrs, 1),
    reads: [pooled(x, y, attrs)],
  }),
  avgPool2dGrad: ([dy], attrs) => ({ others: pooling(attrs.inputShape, dy, attrs, 1) }),
  // one comparison less than there are numbers
  maxPool2d: ([x], attrs, [y]) => ({
    others: pooling(x, y, attrs, -1),
    reads: [pooled(x, y, attrs)],
  }),
  maxPool2dIndices: ([x], attrs, [y]) => ({
    others: pooling(x, y, attrs, -1),
    reads: [pooled(x, y, attrs)],
  }),
  maxPool2dGrad: ([dy, x], attrs) => ({
    others: pooling(x, dy, attrs, 0),
    reads: [undefined, pooled(x, dy, attrs)],
  }),
};
