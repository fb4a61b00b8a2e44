import { apply } from "../../ops/apply.js";
import * as F from "../../ops/functional/index.js";
import type { DivisionOps } from "../../ops/spec/divisions.js";
import { type Entry, fromInputs, once } from "./entry.js";

export const divisionGradients: { readonly [K in keyof DivisionOps]: Entry<K> | null } = {
  // a · b' − b · a' over a² + b²
  atan2: fromInputs(([dy], [a, b]) => {
    const overSquares = once(() => F.div(dy, F.add(F.square(a), F.square(b))));
    return [() => F.mul(overSquares(), b), () => F.neg(F.mul(overSquares(), a))];
  }),
  // b's by the whole number that it is taken off
  fmod: fromInputs(([dy], [a, b]) => [() => dy, () => F.neg(F.mul(dy, F.trunc(F.div(a, b))))]),
  remainder: fromInputs(([dy], [a, b]) => [() => dy, () => F.neg(F.mul(dy, apply("floorDivide", [a, b], {})[0]))]),
  floorDivide: null,
  bitwise: null,
};
