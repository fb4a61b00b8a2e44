/**
 * Updates: one pass over memory each. Rates change every step, so they are arguments of the kernels, never part of them. Those of
 * optimisers come with them (src/chapters).
 */
import { dtypes } from "../../../tensor/dtype.js";
import { floatBits } from "../../../wasm/index.js";
import { callCopy, callFill } from "./blocks/copy.js";
import { callMap, type MapFormula } from "./blocks/map.js";
import type { HeapOperand, WasmUpdates } from "./plan.js";

const accumulate: MapFormula = {
  name: "accumulate",
  span: { outputs: 1, floats: 0, vectors: 4, formula: (_, [a, b]) => [a!.add(b!)] },
};
/** Counters, such as the number of batches a batch norm has seen. */
const accumulateInt: MapFormula = {
  name: "accumulate int32",
  span: { outputs: 1, floats: 0, vectors: 4, formula: (_, [a, b]) => [a!.addInt(b!)] },
};

const lerp: MapFormula = {
  name: "lerp",
  span: { outputs: 1, floats: 1, vectors: 4, formula: (f, [a, b], [weight]) => [f.madd(weight!, b!.sub(a!), a!)] },
};

const areFloats = (operands: readonly HeapOperand[]): boolean => operands.every(({ dtype }) => dtype === "float32");

export const updates: WasmUpdates = {
  accumulate: ([a, b], _, plan) =>
    (areFloats([a]) || a.dtype === "int32") &&
    callMap(plan, a.dtype === "int32" ? accumulateInt : accumulate, [a, b], [a]),
  fill: ([a], { value }, plan) => {
    if (a.dtype !== "float32" && a.dtype !== "int32") return false;
    callFill(plan, a, value);
    return true;
  },
  assign: ([a, b], _, plan) => {
    callCopy(plan, b.pointer, a.pointer, a.size * dtypes[a.dtype].bytes);
    return true;
  },
  // seen from the nearer end, as torch.lerp: a weight of 1 gives b itself
  lerp: ([a, b], { weight }, plan) =>
    areFloats([a]) &&
    (Math.abs(weight) < 0.5
      ? callMap(plan, lerp, [a, b], [a], [floatBits(weight)])
      : callMap(plan, lerp, [b, a], [a], [floatBits(1 - weight)])),
};
