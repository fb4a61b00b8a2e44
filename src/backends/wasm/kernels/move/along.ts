/**
 * Moving single elements by index along one axis, seen as [outer][axis][inner]. An index outside reads as 0 and is never
 * written.
 */
import { sizeOf } from "../../../../tensor/shape.js";
import type { Int, IntVar } from "../../../../wasm/index.js";
import { callCopy, callFill } from "../blocks/copy.js";
import { bytesOf, clearElement, type ElementBytes, moveElement } from "../blocks/element.js";
import { blocksOf } from "../blocks/tasks.js";
import { defineKernel, specOf } from "../define-kernel.js";
import type { HeapOperand, WasmKernels } from "../plan.js";

/** Elements of a task: 128 KiB of indices and as much of numbers, about 40 µs. */
const TASK_ELEMENTS = 32768;

/** An index has 4 bytes: where an element of another size lies, from the offset of its index. */
const offsetOf = (indexOffset: Int, elementBytes: ElementBytes): Int => {
  if (elementBytes === 4) return indexOffset;
  return elementBytes === 8 ? indexOffset.mul(2) : indexOffset.div(4);
};

interface TakeSpec {
  readonly elementBytes: ElementBytes;
}

const takeKernel = defineKernel(
  {
    name: "take along axis",
    spec: specOf<TakeSpec>(),
    args: {
      x: "pointer",
      indices: "pointer",
      y: "pointer",
      outer: "int",
      rows: "int",
      count: "int",
      inner: "int",
      outersPerTask: "int",
      countPerTask: "int",
      blocks: "int",
    },
  },
  (
    { f, spec: { elementBytes } },
    task,
    { x, indices, y, outer, rows, count, inner, outersPerTask, countPerTask, blocks },
  ) => {
    const block = f.int(task.div(blocks));
    const first = f.int(block.mul(outersPerTask));
    const begin = f.int(task.sub(block.mul(blocks)).mul(countPerTask));
    const end = f.int(begin.add(countPerTask).min(count));
    f.for(first, f.int(first.add(outersPerTask).min(outer)), 1, (o) => {
      const from = f.int(x.add(o.mul(rows).mul(inner).mul(elementBytes)));
      f.for(begin, end, 1, (k) => {
        const at = f.int(o.mul(count).add(k).mul(inner).mul(4));
        f.for(0, inner.mul(4), 4, (j) => {
          const place = f.int(at.add(j));
          const row = f.int(f.loadInt(indices.add(place)));
          const target = f.int(y.add(offsetOf(place, elementBytes)));
          f.if(
            row.below(rows),
            () => {
              const source = from.add(row.mul(inner).mul(elementBytes)).add(offsetOf(j, elementBytes));
              moveElement(f, elementBytes, target, source);
            },
            () => clearElement(f, elementBytes, target),
          );
        });
      });
    });
  },
);

interface PutSpec {
  readonly write: "set" | "add float" | "add int";
  readonly elementBytes: ElementBytes;
}

/** Numbers into y, whose other numbers are there already; a task goes through all indices of its columns in order. */
const putKernel = defineKernel(
  {
    name: "put along axis",
    spec: specOf<PutSpec>(),
    args: {
      from: "pointer",
      indices: "pointer",
      y: "pointer",
      outer: "int",
      rows: "int",
      count: "int",
      inner: "int",
      outersPerTask: "int",
      columnsPerTask: "int",
      blocks: "int",
    },
  },
  ({ f, spec: { write, elementBytes } }, task, args) => {
    const { from, indices, y, outer, rows, count, inner, outersPerTask, columnsPerTask, blocks } = args;
    const block = f.int(task.div(blocks));
    const first = f.int(block.mul(outersPerTask));
    const begin = f.int(task.sub(block.mul(blocks)).mul(columnsPerTask));
    const end = f.int(begin.add(columnsPerTask).min(inner).mul(4));
    begin.set(begin.mul(4));
    const put = (target: IntVar, source: Int): void => {
      if (write === "add float") {
        const [a, b] = [target, source].map((pointer) => f.loadPartial(pointer, 0, 1, 1));
        f.storePartial(target, 0, a!.add(b!), 1);
      } else if (write === "add int") f.storeInt(target, 0, f.loadInt(target).add(f.loadInt(source)));
      else moveElement(f, elementBytes, target, source);
    };
    f.for(first, f.int(first.add(outersPerTask).min(outer)), 1, (o) => {
      const to = f.int(y.add(o.mul(rows).mul(inner).mul(elementBytes)));
      f.for(0, count, 1, (k) => {
        const at = f.int(o.mul(count).add(k).mul(inner).mul(4));
        f.for(begin, end, 4, (j) => {
          const place = f.int(at.add(j));
          const row = f.int(f.loadInt(indices.add(place)));
          f.if(row.below(rows), () => {
            const target = f.int(to.add(row.mul(inner).mul(elementBytes)).add(offsetOf(j, elementBytes)));
            put(target, from.add(offsetOf(place, elementBytes)));
          });
        });
      });
    });
  },
);

const writes: Readonly<Record<string, PutSpec["write"]>> = { float32: "add float", int32: "add int" };

type PlanOf = Parameters<NonNullable<WasmKernels["scatter"]>>[3];

function callPut(
  plan: PlanOf,
  write: PutSpec["write"],
  from: HeapOperand,
  indices: HeapOperand,
  y: HeapOperand,
  axis: number,
): void {
  const [outer, inner] = [sizeOf(y.shape.slice(0, axis)), sizeOf(y.shape.slice(axis + 1))];
  const [rows, count] = [y.shape[axis]!, indices.shape[axis]!];
  const columnsPerTask = Math.min(inner, Math.max(16, Math.floor(TASK_ELEMENTS / count)));
  const outersPerTask = Math.min(outer, Math.max(1, Math.floor(TASK_ELEMENTS / (count * columnsPerTask))));
  const blocks = blocksOf(inner, columnsPerTask);
  putKernel.call(plan, {
    spec: { write, elementBytes: bytesOf(y) },
    tasks: blocks * blocksOf(outer, outersPerTask),
    args: {
      from: from.pointer,
      indices: indices.pointer,
      y: y.pointer,
      outer,
      rows,
      count,
      inner,
      outersPerTask,
      columnsPerTask,
      blocks,
    },
  });
}

export const alongKernels = {
  takeAlongAxis([x, indices], { axis }, [y], plan) {
    const [outer, inner] = [sizeOf(y.shape.slice(0, axis)), sizeOf(y.shape.slice(axis + 1))];
    const count = y.shape[axis]!;
    const countPerTask = Math.min(count, Math.max(1, Math.floor(TASK_ELEMENTS / inner)));
    const outersPerTask = Math.min(outer, Math.max(1, Math.floor(TASK_ELEMENTS / (countPerTask * inner))));
    const blocks = blocksOf(count, countPerTask);
    takeKernel.call(plan, {
      spec: { elementBytes: bytesOf(x) },
      tasks: blocks * blocksOf(outer, outersPerTask),
      args: {
        x: x.pointer,
        indices: indices.pointer,
        y: y.pointer,
        outer,
        rows: x.shape[axis]!,
        count,
        inner,
        outersPerTask,
        countPerTask,
        blocks,
      },
    });
    return true;
  },
  takeAlongAxisGrad([dy, indices], { axis }, [dx], plan) {
    const write = writes[dy.dtype];
    if (!write) return false;
    callFill(plan, dx, 0);
    callPut(plan, write, dy, indices, dx, axis);
    return true;
  },
  scatter([x, indices, src], { axis }, [y], plan) {
    callCopy(plan, x.pointer, y.pointer, bytesOf(x) * x.size);
    callPut(plan, "set", src, indices, y, axis);
    return true;
  },
} satisfies WasmKernels;
