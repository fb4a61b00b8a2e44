/**
 * Plain copies and fills of memory, cut into tasks.
 */
import { floatBits } from "../../../../wasm/index.js";
import { defineKernel } from "../define-kernel.js";
import type { HeapOperand, Plan } from "../plan.js";
import { callMap, type MapFormula } from "./map.js";
import { blocksOf } from "./tasks.js";

/** About 20 µs. */
const BYTES_PER_TASK = 1 << 18;

const copyKernel = defineKernel(
  { name: "copy", args: { from: "pointer", to: "pointer", bytes: "int" } },
  ({ f }, task, { from, to, bytes }) => {
    const start = f.int(task.mul(BYTES_PER_TASK));
    f.copy(to.add(start), from.add(start), bytes.sub(start).min(BYTES_PER_TASK));
  },
);

/** Copies `bytes` between regions that do not overlap. */
export function callCopy(plan: Plan, from: number, to: number, bytes: number): void {
  copyKernel.call(plan, { tasks: blocksOf(bytes, BYTES_PER_TASK), args: { from, to, bytes } });
}

const fill: MapFormula = {
  name: "fill",
  span: { outputs: 1, floats: 1, vectors: 4, formula: (_, __, [value]) => [value!] },
};

/** Writes one number everywhere; the operand's elements have 4 bytes. */
export function callFill(plan: Plan, to: HeapOperand, value: number): void {
  callMap(plan, fill, [], [to], [to.dtype === "int32" ? value | 0 : floatBits(value)]);
}
