/**
 * Rows of zeros with a 1 at an index; none for an index outside.
 */
import { floatBits } from "../../../../wasm/index.js";
import { isWord } from "../blocks/element.js";
import { blocksOf } from "../blocks/tasks.js";
import { defineKernel } from "../define-kernel.js";
import type { WasmKernels } from "../plan.js";

/** Of words: 256 KiB. */
const TASK_ELEMENTS = 65536;

const oneHotKernel = defineKernel(
  {
    name: "one hot",
    args: { indices: "pointer", y: "pointer", count: "int", depth: "int", one: "int", perTask: "int" },
  },
  ({ f }, task, { indices, y, count, depth, one, perTask }) => {
    const first = f.int(task.mul(perTask));
    const last = f.int(first.add(perTask).min(count));
    f.fill(y.add(first.mul(depth).mul(4)), 0, last.sub(first).mul(depth).mul(4));
    f.for(first, last, 1, (i) => {
      const index = f.int(f.loadInt(indices.add(i.mul(4))));
      f.if(index.below(depth), () => f.storeInt(y.add(i.mul(depth).add(index).mul(4)), 0, one));
    });
  },
);

export const oneHotKernels = {
  oneHot([indices], { depth }, [y], plan) {
    if (!isWord(y)) return false;
    const one = y.dtype === "int32" ? 1 : floatBits(1);
    const perTask = Math.max(1, Math.floor(TASK_ELEMENTS / depth));
    oneHotKernel.call(plan, {
      tasks: blocksOf(indices.size, perTask),
      args: { indices: indices.pointer, y: y.pointer, count: indices.size, depth, one, perTask },
    });
    return true;
  },
} satisfies WasmKernels;
