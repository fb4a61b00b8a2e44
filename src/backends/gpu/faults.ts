/** Errors of values, which only show while kernels work: what a check that failed says. */
import { indexError } from "../../ops/indices.js";
import { DTypeError, type TensoroneError } from "../../util/errors.js";
import type { Check, CheckKind } from "./plan.js";

/** Whole numbers below this are all float32 numbers, and so is every sum of two that stays below. */
export const EXACT_BELOW = 2 ** 24;

type Failed = Omit<Check, "place">;

const messages: { readonly [K in CheckKind]: (check: Failed, value: number, at: number) => TensoroneError } = {
  index: ({ op, high }, value, at) => indexError(op, value, at, high + 1, ". A device reports it with the next read"),
  whole: ({ op, high }, value, at) =>
    new DTypeError(
      `gpu: ${op}: an integer of about ${value} at position ${at}, expected at most ${high}: integers are float32 numbers there, exact below ${EXACT_BELOW}`,
      'the backends "wasm" and "reference" hold every int32; or x.cast("float32") first. A device reports it with the next read',
    ),
};

/** The error of a check for the first number that did not pass. */
export const faultError = (check: Failed, value: number, at: number): TensoroneError =>
  messages[check.kind](check, value, at);
