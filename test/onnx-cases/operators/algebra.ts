/**
 * Einstein sums, determinants, windows of signals.
 */

import type { Tensor } from "../../../src/index.js";
import * as t from "../../../src/index.js";
import type { Call, OperatorTable } from "../call.js";
import { upTo } from "./steps.js";
import { take } from "./take.js";

/** A letter for each axis; those of an ellipsis are capitals, the last axis Z. */
function lettersOf(term: string, rank: number): string[] {
  const named = term.replace("...", "");
  const free = "ZYXWVU".slice(0, rank - named.length);
  return [...term.replace("...", [...free].reverse().join(""))];
}

/** A letter that comes twice: what is off the diagonal becomes 0, and the second axis is summed. */
function withoutRepeats(
  x: Tensor,
  letters: readonly string[],
): { readonly x: Tensor; readonly letters: readonly string[] } {
  const second = letters.findIndex((letter, i) => letters.indexOf(letter) !== i);
  if (second < 0) return { x, letters };
  const first = letters.indexOf(letters[second]!);
  const places = [first, second].map((axis) =>
    t.reshape(
      t.arange(x.shape[axis]!),
      x.shape.map((size, i) => (i === axis ? size : 1)),
    ),
  ) as [Tensor, Tensor];
  return withoutRepeats(t.sum(t.where(t.equal(...places), x, 0), second), letters.toSpliced(second, 1));
}

/** Each operand with an axis for every letter; their product, summed over the letters that the result lacks. */
function einsum(call: Call): Tensor {
  const [left, right] = call.text("equation", "").replaceAll(" ", "").split("->") as [string, string | undefined];
  const operands = left.split(",").map((term, i) => withoutRepeats(call.x(i), lettersOf(term, call.x(i).rank)));
  const all = [...new Set(operands.flatMap(({ letters }) => letters))].sort();
  const most = Math.max(...operands.map(({ letters }) => letters.filter((letter) => letter < "a").length));
  const once = all.filter((letter) => [...left].filter((other) => other === letter).length === 1 || letter < "a");
  const result =
    right === undefined ? once : lettersOf(right, right.replace("...", "").length + (right.includes("...") ? most : 0));
  const spread = operands.map(({ x, letters }) => {
    const present = all.filter((letter) => letters.includes(letter));
    const ordered = t.transpose(
      x,
      present.map((letter) => letters.indexOf(letter)),
    );
    return t.reshape(
      ordered,
      all.map((letter) => (letters.includes(letter) ? x.shape[letters.indexOf(letter)]! : 1)),
    );
  });
  const product = spread.reduce((a, b) => t.mul(a, b));
  const gone = upTo(all.length).filter((i) => !result.includes(all[i]!));
  const kept = all.filter((letter) => result.includes(letter));
  return t.transpose(
    gone.length > 0 ? t.sum(product, gone) : product,
    result.map((letter) => kept.indexOf(letter)),
  );
}

/** Along the first row, by Laplace: for the small matrices of the cases. */
function det(x: Tensor): Tensor {
  const size = x.shape.at(-1)!;
  if (size === 1) return t.reshape(x, x.shape.slice(0, -2));
  const begin = (row: number, column: number) => [...upTo(x.rank - 2).map(() => 0), row, column];
  const whole = upTo(x.rank - 2).map(() => -1);
  const below = t.slice(x, begin(1, 0));
  return upTo(size)
    .map((j) => {
      const others = t.tensor(Int32Array.from(upTo(size).filter((k) => k !== j)));
      const factor = t.reshape(t.slice(x, begin(0, j), [...whole, 1, 1]), x.shape.slice(0, -2));
      const term = t.mul(factor, det(take(below, others, x.rank - 1)));
      return j % 2 === 0 ? term : t.neg(term);
    })
    .reduce((a, b) => t.add(a, b));
}

/** The sum of `terms[k]` cos(2 π k n / N), N one less where the window is symmetric. */
function cosineWindow(call: Call, terms: readonly number[]): Tensor {
  const size = call.value(0).numbers[0]!;
  const period = call.int("periodic", 1) === 1 ? size : size - 1;
  const places = t.arange(size, { dtype: "float64" });
  const sum = terms
    .map((term, k) => t.mul(t.cos(t.mul(places, (2 * Math.PI * k) / period)), term))
    .reduce((a, b) => t.add(a, b));
  return t.cast(sum, call.dtype("output_datatype", "float32"));
}

export const algebra: OperatorTable = {
  Einsum: einsum,
  Det: (call) => det(call.x(0)),
  HannWindow: (call) => cosineWindow(call, [0.5, -0.5]),
  HammingWindow: (call) => cosineWindow(call, [25 / 46, -21 / 46]),
  BlackmanWindow: (call) => cosineWindow(call, [0.42, -0.5, 0.08]),
};
