/**
 * Running sums along the middle axis of [K, R, C], 16 columns at a time, in float64.
 */
import { type FunctionRef, Vec, type WasmModule } from "../../../../wasm/index.js";
import { STRIP_LANES } from "../blocks/channels.js";
import { blocksOf } from "../blocks/tasks.js";
import { defineKernel, specOf } from "../define-kernel.js";
import type { Plan } from "../plan.js";

/** Elements of a task: 128 KiB to read and to write, some 30 µs. */
const TASK_ELEMENTS = 32768;

interface Spec {
  readonly exclusive: boolean;
  /** Columns modulo STRIP_LANES: the width of the last strip. */
  readonly rest: number;
}

/** (from, rows, step, to): a strip of columns; `step` bytes lead to the next row, backwards where it is negative. */
function defineStrip(m: WasmModule, exclusive: boolean, lanes: number): FunctionRef {
  const parts = Math.ceil(lanes / 4);
  return m.function(`strip ${lanes}`, ["i32", "i32", "i32", "i32"], (f, from, rows, step, to) => {
    const doubles = Array.from({ length: Math.ceil(lanes / 2) }, () => f.vec(f.splatDouble(0, 1)));
    f.for(0, rows, 1, () => {
      const values = f.vec(f.loadPartial(from, 0, lanes, parts), parts);
      const store = () =>
        doubles.forEach((total, i) => {
          f.storePartial(to, 8 * i, total.demote(), Math.min(2, lanes - 2 * i));
        });
      if (exclusive) store();
      doubles.forEach((total, i) => {
        const part = new Vec([values.parts[i >> 1]!]);
        total.set(total.addDouble(i % 2 === 0 ? part.promoteLow() : part.promoteHigh()));
      });
      if (!exclusive) store();
      from.inc(step);
      to.inc(step);
    });
  });
}

const cumsumKernel = defineKernel(
  {
    name: "cumsum",
    spec: specOf<Spec>(),
    args: {
      x: "pointer",
      y: "pointer",
      rows: "int",
      columns: "int",
      strips: "int",
      strip0: "int",
      total: "int",
      perTask: "int",
      first: "int",
      step: "int",
    },
  },
  ({ m, f, spec: { exclusive, rest } }, task, { x, y, rows, columns, strips, strip0, total, perTask, first, step }) => {
    const begin = f.int(task.mul(perTask));
    f.for(begin, f.int(begin.add(perTask).min(total)), 1, (i) => {
      const k = f.int(i.div(strips));
      const s = f.int(i.sub(k.mul(strips)));
      const at = f.int(k.mul(rows).mul(columns).add(s.mul(STRIP_LANES)).mul(4).add(first));
      const strip = (lanes: number) => f.call(defineStrip(m, exclusive, lanes), x.add(at), rows, step, y.add(at));
      if (rest === 0) strip(STRIP_LANES);
      else
        f.if(
          s.below(strip0),
          () => strip(STRIP_LANES),
          () => strip(rest),
        );
    });
  },
);

/** y[k, r, c] = Σ x[k, 0 … r, c]; from the last row where `reverse`, without row r itself where `exclusive`. */
export function callCumsum(
  plan: Plan,
  x: number,
  y: number,
  [outer, rows, columns]: readonly [outer: number, rows: number, columns: number],
  { reverse, exclusive }: { readonly reverse: boolean; readonly exclusive: boolean },
): void {
  const strips = blocksOf(columns, STRIP_LANES);
  const total = outer * strips;
  const perTask = Math.max(1, Math.floor(TASK_ELEMENTS / (rows * Math.min(columns, STRIP_LANES))));
  cumsumKernel.call(plan, {
    spec: { exclusive, rest: columns % STRIP_LANES },
    tasks: blocksOf(total, perTask),
    args: {
      x,
      y,
      rows,
      columns,
      strips,
      strip0: Math.floor(columns / STRIP_LANES),
      total,
      perTask,
      first: reverse ? 4 * (rows - 1) * columns : 0,
      step: (reverse ? -4 : 4) * columns,
    },
  });
}
