/**
 * The checks that stand before every answer of a model: its weights and statistics, its logits, the loss of a step. What a number to go on with is, tensor/finite.ts says.
 */
import { problemOf } from "../../nn/finite.js";
import type { Module } from "../../nn/module.js";
import type { TypedArray } from "../../tensor/dtype.js";
import { areFinite } from "../../tensor/finite.js";
import { NonFiniteError } from "../../util/errors.js";

/** Training gives no numbers any more: its loss, weights, averages, statistics, optimiser or validation. */
export class DivergedError extends NonFiniteError {}

/** Throws NonFiniteError where weights or statistics of `model` give no answer. */
export async function expectUsable(where: string, model: Module): Promise<void> {
  const problem = await problemOf(model);
  if (problem === null) return;
  throw new NonFiniteError(
    `${where}: ${problem}, expected finite weights and statistics, variances of at least 0`,
    "the training diverged or the file is damaged: an earlier checkpoint may be sound",
  );
}

/** What is wrong with logits [n, classes], naming the first picture whose logits are not finite; null where all are. */
export function problemOfLogits(
  where: string,
  logits: TypedArray,
  pictures: number,
  nameOf: (picture: number) => string,
): NonFiniteError | null {
  if (areFinite(logits)) return null;
  const at = logits.findIndex((value) => !Number.isFinite(value));
  const classes = logits.length / pictures;
  const name = nameOf(Math.floor(at / classes));
  return new NonFiniteError(
    `${where}: ${name}: logit ${at % classes} is ${logits[at]}, expected finite logits`,
    "the weights are finite, but their activations are too large: the training diverged, or statistics are damaged",
  );
}

/** The loss of a step with its logits: NaN where one of those is not finite, whatever a backend makes of NaN on its way. */
export const lossOf = (loss: number, logits: TypedArray): number => (areFinite(logits) ? loss : Number.NaN);
