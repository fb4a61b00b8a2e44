import { apply } from "../../ops/apply.js";
import type { IndexingOps } from "../../ops/spec/indexing.js";
import { zerosLike } from "../zeros.js";
import { type Entry, fromInputs, once } from "./entry.js";

export const indexingGradients: { readonly [K in keyof IndexingOps]: Entry<K> | null } = {
  gather: fromInputs(
    ([dy], [table, indices]) => [() => apply("scatterAdd", [dy, indices], { rows: table.shape[0]! })[0], null],
    [1],
  ),
  scatterAdd: fromInputs(([dy], [, indices]) => [() => apply("gather", [dy, indices], {})[0], null], [1]),
  takeAlongAxis: fromInputs(
    ([dy], [x, indices], { axis }) => [
      () => apply("takeAlongAxisGrad", [dy, indices], { axis, rows: x.shape[axis]! })[0],
      null,
    ],
    [1],
  ),
  takeAlongAxisGrad: fromInputs(
    ([dy], [, indices], { axis }) => [() => apply("takeAlongAxis", [dy, indices], { axis })[0], null],
    [1],
  ),
  // of several numbers for one place each gets the gradient of the place, as in PyTorch
  scatter: fromInputs(
    ([dy], [, indices], { axis }) => {
      const there = once(() => apply("takeAlongAxis", [dy, indices], { axis })[0]);
      return [() => apply("scatter", [dy, indices, zerosLike(there())], { axis })[0], null, there];
    },
    [1],
  ),
};
