/**
 * A plain copy of memory, cut into tasks.
 */
import type { Kernel, Plan } from "../plan.js";
import { blocksOf, runEachTask } from "./tasks.js";

/** About 20 µs. */
const BYTES_PER_TASK = 1 << 18;

const kernel: Kernel = {
  key: "copy",
  emit: (module) =>
    runEachTask(module, ["from", "to", "bytes"], (f, task, from, to, bytes) => {
      const start = f.int(task.mul(BYTES_PER_TASK));
      f.copy(to.add(start), from.add(start), bytes.sub(start).min(BYTES_PER_TASK));
    }),
};

/** Copies `bytes` between regions that do not overlap. */
export function callCopy(plan: Plan, from: number, to: number, bytes: number): void {
  plan.call(kernel, blocksOf(bytes, BYTES_PER_TASK), [from, to, bytes]);
}
