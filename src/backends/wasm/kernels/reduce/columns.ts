/**
 * Reducing the middle axis, [K, R, C] -> [K, C], 16 columns at a time. Many rows go in blocks of fixed size, whose results
 * are reduced in turn.
 */
import { type FunctionRef, Vec, type WasmModule } from "../../../../wasm/index.js";
import { STRIP_LANES } from "../blocks/channels.js";
import { blocksOf } from "../blocks/tasks.js";
import { defineKernel, specOf } from "../define-kernel.js";
import type { Plan } from "../plan.js";
import type { Reducer } from "./reducer.js";

/** Elements of a task: 512 KiB, 20-50 µs. */
const TASK_ELEMENTS = 131072;
/** Rows added in float32, and the fewest of a block. */
const PIECE_ROWS = 64;

/** (from, rows, rowBytes, to, divisor): a strip of columns. */
function defineStrip(m: WasmModule, { identity, vectors, isRounding }: Reducer, lanes: number): FunctionRef {
  const parts = Math.ceil(lanes / 4);
  return m.function(`strip ${lanes}`, ["i32", "i32", "i32", "i32", "i32"], (f, from, rows, rowBytes, to, divisor) => {
    const totals = f.vec(identity, parts);
    const fold = (count: typeof rows) =>
      f.for(0, count, 1, () => {
        totals.set(vectors(totals, f.loadPartial(from, 0, lanes, parts)));
        from.inc(rowBytes);
      });
    if (!isRounding) {
      fold(rows);
      f.storePartial(to, 0, totals, lanes);
      return;
    }
    const doubles = Array.from({ length: 2 * parts }, () => f.vec(f.splatDouble(0, 1)));
    f.for(0, rows, PIECE_ROWS, (done) => {
      totals.set(0);
      fold(f.int(rows.sub(done).min(PIECE_ROWS)));
      totals.parts.forEach((part, i) => {
        const [low, high] = [doubles[2 * i]!, doubles[2 * i + 1]!];
        low.set(low.addDouble(new Vec([part]).promoteLow()));
        high.set(high.addDouble(new Vec([part]).promoteHigh()));
      });
    });
    const by = f.vec(f.splat(divisor.toFloat("f64"), 1));
    doubles.forEach((total, i) => {
      f.storePartial(to, 8 * i, total.divDouble(by).demote(), Math.min(2, lanes - 2 * i));
    });
  });
}

interface Spec {
  readonly reducer: Reducer;
  /** Columns modulo STRIP_LANES: the width of the last strip. */
  readonly rest: number;
}

const columnsKernel = defineKernel(
  {
    name: "reduce columns",
    spec: specOf<Spec>(),
    args: {
      x: "pointer",
      y: "pointer",
      outer: "int",
      rows: "int",
      columns: "int",
      blockRows: "int",
      blocks: "int",
      blockColumns: "int",
      slices: "int",
      perTask: "int",
      divisor: "int",
    },
  },
  ({ m, f, spec: { reducer, rest } }, task, args) => {
    const { x, y, outer, rows, columns, blockRows, blocks, blockColumns, slices, perTask, divisor } = args;
    const slice = f.int(task.rem(slices));
    const group = f.int(task.div(slices));
    const firstColumn = f.int(slice.mul(blockColumns));
    const lastColumn = f.int(firstColumn.add(blockColumns).min(columns));
    const rowBytes = f.int(columns.mul(4));
    const first = f.int(group.mul(perTask));
    f.for(first, f.int(first.add(perTask).min(outer.mul(blocks))), 1, (i) => {
      const k = f.int(i.div(blocks));
      const row = f.int(i.sub(k.mul(blocks)).mul(blockRows));
      const count = f.int(rows.sub(row).min(blockRows));
      const from = f.int(x.add(k.mul(rows).add(row).mul(rowBytes)));
      const to = f.int(y.add(i.mul(rowBytes)));
      const c = f.int(firstColumn);
      const strip = (lanes: number) => {
        f.call(defineStrip(m, reducer, lanes), from.add(c.mul(4)), count, rowBytes, to.add(c.mul(4)), divisor);
      };
      f.while(
        () => c.add(STRIP_LANES - 1).below(lastColumn),
        () => {
          strip(STRIP_LANES);
          c.inc(STRIP_LANES);
        },
      );
      if (rest > 0) f.if(c.below(lastColumn), () => strip(rest));
    });
  },
);

/** y[k, c] = the fold of x[k, :, c], divided by `divisor` where the reducer rounds; there is at least one row. */
export function callReduceColumns(
  plan: Plan,
  reducer: Reducer,
  x: number,
  y: number,
  [outer, rows, columns]: readonly [outer: number, rows: number, columns: number],
  divisor: number,
): void {
  const wanted = Math.floor(TASK_ELEMENTS / columns / PIECE_ROWS) * PIECE_ROWS;
  const blockRows = Math.min(rows, Math.max(PIECE_ROWS, wanted));
  const blocks = blocksOf(rows, blockRows);
  const wantedColumns = Math.floor(TASK_ELEMENTS / blockRows / STRIP_LANES) * STRIP_LANES;
  const blockColumns = Math.min(columns, Math.max(STRIP_LANES, wantedColumns));
  const slices = blocksOf(columns, blockColumns);
  const perTask = Math.max(1, Math.floor(TASK_ELEMENTS / (blockRows * columns)));
  const to = blocks > 1 ? plan.scratch(4 * outer * blocks * columns) : y;
  columnsKernel.call(plan, {
    spec: { reducer, rest: columns % STRIP_LANES },
    tasks: slices * blocksOf(outer * blocks, perTask),
    args: {
      x,
      y: to,
      outer,
      rows,
      columns,
      blockRows,
      blocks,
      blockColumns,
      slices,
      perTask,
      divisor: blocks > 1 ? 1 : divisor,
    },
  });
  if (blocks > 1) callReduceColumns(plan, reducer, to, y, [outer, blocks, columns], divisor);
}
