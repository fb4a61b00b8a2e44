import * as F from "../../ops/functional/index.js";
import type { ReductionOps } from "../../ops/spec/reductions.js";
import type { Rule } from "../rule.js";
import { type Entry, fromBoth, fromOutput, fromShapes, keepAxes } from "./entry.js";

/** Max and min: dx = dy / ties, where x is the extreme value. */
const extreme: Rule<"max"> = ([dy], [x], { axes }, [y]) => [
  () => {
    const isExtreme = F.cast(F.equal(x, keepAxes(y, x, axes)), x.dtype);
    return F.mul(isExtreme, F.div(keepAxes(dy, x, axes), F.sum(isExtreme, axes, { keepDims: true })));
  },
];

export const reductionsGradients: { readonly [K in keyof ReductionOps]: Entry<K> | null } = {
  argmax: null,
  sum: fromShapes(([dy], [x], { axes }) => [() => F.broadcastTo(keepAxes(dy, x, axes), x.shape)]),
  mean: fromShapes(([dy], [x], { axes }) => [
    () => F.broadcastTo(F.mul(keepAxes(dy, x, axes), dy.size / x.size), x.shape),
  ]),
  max: fromBoth(extreme),
  min: fromBoth(extreme),
  softmax: fromOutput(([dy], _, { axis }, [y]) => [
    () => F.mul(y, F.sub(dy, F.sum(F.mul(dy, y), axis, { keepDims: true }))),
  ]),
  logSoftmax: fromOutput(([dy], _, { axis }, [y]) => [
    () => F.sub(dy, F.mul(F.exp(y), F.sum(dy, axis, { keepDims: true }))),
  ]),
};
