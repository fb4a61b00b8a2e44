/**
 * Moving rows by index: gather and its gradient. An index outside reads as zeros and is never written.
 */
import { sizeOf } from "../../../../tensor/shape.js";
import { bytesOf } from "../blocks/element.js";
import { blocksOf } from "../blocks/tasks.js";
import { defineKernel } from "../define-kernel.js";
import type { WasmKernels } from "../plan.js";

/** Of words: 256 KiB. */
const TASK_ELEMENTS = 65536;
/** Columns of a scatter task, which goes through all rows in order. */
const SCATTER_COLUMNS = 256;

const gatherKernel = defineKernel(
  {
    name: "gather",
    args: {
      table: "pointer",
      indices: "pointer",
      y: "pointer",
      count: "int",
      rows: "int",
      rowBytes: "int",
      perTask: "int",
    },
  },
  ({ f }, task, { table, indices, y, count, rows, rowBytes, perTask }) => {
    const first = f.int(task.mul(perTask));
    f.for(first, f.int(first.add(perTask).min(count)), 1, (i) => {
      const row = f.int(f.loadInt(indices.add(i.mul(4))));
      const to = f.int(y.add(i.mul(rowBytes)));
      f.if(
        row.below(rows),
        () => f.copy(to, table.add(row.mul(rowBytes)), rowBytes),
        () => f.fill(to, 0, rowBytes),
      );
    });
  },
);

const scatterKernel = defineKernel(
  {
    name: "scatter add",
    args: { dy: "pointer", indices: "pointer", y: "pointer", count: "int", rows: "int", columns: "int" },
  },
  ({ f }, task, { dy, indices, y, count, rows, columns }) => {
    const first = f.int(task.mul(SCATTER_COLUMNS));
    const width = f.int(columns.sub(first).min(SCATTER_COLUMNS));
    const start = (base: typeof y, row: typeof first) => f.int(base.add(row.mul(columns).add(first).mul(4)));
    f.for(0, rows, 1, (row) => f.fill(start(y, row), 0, width.mul(4)));
    f.for(0, count, 1, (i) => {
      const row = f.int(f.loadInt(indices.add(i.mul(4))));
      f.if(row.below(rows), () => {
        const [from, to] = [start(dy, i), start(y, row)];
        const whole = f.int(width.and(-4));
        const add = (at: typeof first, lanes: number) => {
          const [a, b] = [to, from].map((pointer) => f.loadPartial(pointer.add(at.mul(4)), 0, lanes, 1));
          f.storePartial(to.add(at.mul(4)), 0, a!.add(b!), lanes);
        };
        f.for(0, whole, 4, (at) => add(at, 4));
        f.for(whole, width, 1, (at) => add(at, 1));
      });
    });
  },
);

export const rowKernels = {
  gather([table, indices], _, [y], plan) {
    const width = sizeOf(table.shape.slice(1));
    const perTask = Math.max(1, Math.floor(TASK_ELEMENTS / width));
    gatherKernel.call(plan, {
      tasks: blocksOf(indices.size, perTask),
      args: {
        table: table.pointer,
        indices: indices.pointer,
        y: y.pointer,
        count: indices.size,
        rows: table.shape[0]!,
        rowBytes: bytesOf(table) * width,
        perTask,
      },
    });
    return true;
  },
  scatterAdd([dy, indices], { rows }, [y], plan) {
    if (dy.dtype !== "float32") return false;
    const columns = sizeOf(y.shape.slice(1));
    scatterKernel.call(plan, {
      tasks: blocksOf(columns, SCATTER_COLUMNS),
      args: { dy: dy.pointer, indices: indices.pointer, y: y.pointer, count: indices.size, rows, columns },
    });
    return true;
  },
} satisfies WasmKernels;
