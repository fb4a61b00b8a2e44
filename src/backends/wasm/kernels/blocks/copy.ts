/**
 * Plain copies and fills of memory, cut into tasks.
 */
import type { DType } from "../../../../tensor/dtype.js";
import { floatBits } from "../../../../wasm/index.js";
import { defineKernel, specOf } from "../define-kernel.js";
import type { HeapOperand, Plan } from "../plan.js";
import { bytesOf, type ElementBytes } from "./element.js";
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

interface FillSpec {
  readonly elementBytes: Exclude<ElementBytes, 4>;
}

/** Fills elements of another size with their bits, the lower four bytes and the higher. */
const fillKernel = defineKernel(
  { name: "fill elements", spec: specOf<FillSpec>(), args: { to: "pointer", bytes: "int", low: "int", high: "int" } },
  ({ f, spec: { elementBytes } }, task, { to, bytes, low, high }) => {
    const start = f.int(task.mul(BYTES_PER_TASK));
    const count = f.int(bytes.sub(start).min(BYTES_PER_TASK));
    start.set(to.add(start));
    if (elementBytes === 1) f.fill(start, low, count);
    else
      f.for(0, count, elementBytes, (at) => {
        const place = f.int(start.add(at));
        f.storeInt(place, 0, low);
        f.storeInt(place, 4, high);
      });
  },
);

const scratch = new DataView(new ArrayBuffer(8));
/** The bits of a number that the dtype holds, of a byte in the lower half. */
function bitsOf(value: number, dtype: DType): { readonly low: number; readonly high: number } {
  if (dtype === "float64") scratch.setFloat64(0, value, true);
  else scratch.setBigInt64(0, BigInt(value), true);
  return { low: scratch.getInt32(0, true), high: scratch.getInt32(4, true) };
}

/** Writes one number, which the operand's dtype holds, everywhere. */
export function callFill(plan: Plan, to: HeapOperand, value: number): void {
  const elementBytes = bytesOf(to);
  if (elementBytes === 4) callMap(plan, fill, [], [to], [to.dtype === "int32" ? value | 0 : floatBits(value)]);
  else {
    const bytes = to.size * elementBytes;
    const args = { to: to.pointer, bytes, ...bitsOf(value, to.dtype) };
    fillKernel.call(plan, { spec: { elementBytes }, tasks: blocksOf(bytes, BYTES_PER_TASK), args });
  }
}
