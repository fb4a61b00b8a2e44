/**
 * What a row of the table of gradients is, and what rules of several chapters share.
 */

import * as F from "../../ops/functional/index.js";
import type { OpName } from "../../ops/spec/index.js";
import { sizeOf } from "../../tensor/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { Needs, Rule } from "../rule.js";

export interface Entry<K extends OpName> {
  readonly needs: Needs;
  /** How many outputs, from the first, are part of the graph; dy is undefined for those that no gradient reached. Default 1. */
  readonly connected?: number;
  readonly rule: Rule<K>;
}

export const fromShapes = <K extends OpName>(rule: Rule<K>): Entry<K> => ({ needs: { inputs: [], outputs: [] }, rule });

export const fromInputs = <K extends OpName>(rule: Rule<K>, inputs: readonly number[] | "all" = "all"): Entry<K> => ({
  needs: { inputs, outputs: [] },
  rule,
});

export const fromOutput = <K extends OpName>(rule: Rule<K>): Entry<K> => ({
  needs: { inputs: [], outputs: "all" },
  rule,
});

export const fromBoth = <K extends OpName>(rule: Rule<K>): Entry<K> => ({
  needs: { inputs: "all", outputs: "all" },
  rule,
});

/** A reduced gradient with its axes put back as 1, ready to broadcast. */
export const keepAxes = (y: Tensor, x: Tensor, axes: readonly number[]): Tensor =>
  F.reshape(
    y,
    x.shape.map((dim, i) => (axes.includes(i) ? 1 : dim)),
  );

/** The sum over all axes but the last. */
export const overRows = (v: Tensor): Tensor => F.sum(F.reshape(v, [sizeOf(v.shape.slice(0, -1)), v.shape.at(-1)!]), 0);

/** A thunk that works once, however often it is asked. */
export function once<T>(work: () => T): () => T {
  let done: { readonly value: T } | undefined;
  return () => {
    done ??= { value: work() };
    return done.value;
  };
}
