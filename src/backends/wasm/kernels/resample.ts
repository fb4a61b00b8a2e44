/**
 * Resizing along one axis: x [outer, from, inner] -> [outer, to, inner], vectors over the inner axes (channels, or a row of
 * pixels). An output row is a sum of neighbouring rows that lie in the cache; its weights are read from the table.
 */
import { sizeOf } from "../../../tensor/shape.js";
import type { FunctionRef, WasmModule } from "../../../wasm/index.js";
import { forEachStrip } from "./blocks/channels.js";
import { blocksOf } from "./blocks/tasks.js";
import { defineKernel, specOf } from "./define-kernel.js";
import type { WasmKernels } from "./plan.js";

/** Products of a task: about 20 µs. */
const TASK_PRODUCTS = 65536;

interface Spec {
  readonly inner: number;
}

/** (x, weights, y, count): one strip of an output row. */
const defineStrip = (m: WasmModule, inner: number, lanes: number): FunctionRef =>
  m.function(`strip ${lanes}`, ["i32", "i32", "i32", "i32"], (f, x, weights, y, count) => {
    const parts = Math.ceil(lanes / 4);
    // without a tap nothing was read, and with one no sum with 0, which has a sign
    const sum = f.vec(0, parts);
    f.if(count, () => {
      const term = () => f.loadPartial(x, 0, lanes, parts).mul(f.broadcast(weights, 0, parts));
      sum.set(term());
      f.for(1, count, 1, () => {
        x.inc(4 * inner);
        weights.inc(4);
        sum.set(f.madd(f.loadPartial(x, 0, lanes, parts), f.vec(f.broadcast(weights, 0, parts)), sum));
      });
    });
    f.storePartial(y, 0, sum, lanes);
  });

const resampleKernel = defineKernel(
  {
    name: "resample",
    spec: specOf<Spec>(),
    args: {
      x: "pointer",
      starts: "pointer",
      weights: "pointer",
      y: "pointer",
      from: "int",
      to: "int",
      taps: "int",
      rows: "int",
      perTask: "int",
    },
  },
  ({ m, f, spec: { inner } }, task, { x, starts, weights, y, from, to, taps, rows, perTask }) => {
    const bytes = 4 * inner;
    const first = f.int(task.mul(perTask));
    f.for(first, f.int(first.add(perTask).min(rows)), 1, (row) => {
      const outer = f.int(row.div(to));
      const o = f.int(row.sub(outer.mul(to)));
      const start = f.int(starts.add(o.mul(8)));
      const source = f.int(x.add(outer.mul(from).add(f.loadInt(start)).mul(bytes)));
      const target = f.int(y.add(row.mul(bytes)));
      const own = f.int(weights.add(o.mul(taps).mul(4)));
      const count = f.int(f.loadInt(start, 4));
      forEachStrip(
        f,
        inner,
        (lanes) => defineStrip(m, inner, lanes),
        (at) => [source.add(at), own, target.add(at), count],
      );
    });
  },
);

export const resizeKernels = {
  resample([x, starts, weights], { axis }, [y], plan) {
    if (x.dtype !== "float32") return false;
    const inner = sizeOf(x.shape.slice(axis + 1));
    const taps = weights.shape[1]!;
    const rows = y.size / inner;
    const perTask = Math.max(1, Math.floor(TASK_PRODUCTS / (inner * taps)));
    resampleKernel.call(plan, {
      spec: { inner },
      tasks: blocksOf(rows, perTask),
      args: {
        x: x.pointer,
        starts: starts.pointer,
        weights: weights.pointer,
        y: y.pointer,
        from: x.shape[axis]!,
        to: y.shape[axis]!,
        taps,
        rows,
        perTask,
      },
    });
    return true;
  },
} satisfies WasmKernels;
