import { apply } from "../../ops/apply.js";
import type { PoolingOps } from "../../ops/spec/pooling.js";
import { type Entry, fromInputs, fromShapes } from "./entry.js";

export const poolingGradients: { readonly [K in keyof PoolingOps]: Entry<K> | null } = {
  avgPool2d: fromShapes(([dy], [x], attrs) => [
    () => apply("avgPool2dGrad", [dy], { ...attrs, inputShape: x.shape })[0],
  ]),
  avgPool2dGrad: fromShapes(([dx], _, { inputShape: __, ...attrs }) => [() => apply("avgPool2d", [dx], attrs)[0]]),
  maxPool2d: fromInputs(([dy], [x], attrs) => [() => apply("maxPool2dGrad", [dy, x], attrs)[0]]),
  maxPool2dGrad: null,
  maxPool2dIndices: null,
};
