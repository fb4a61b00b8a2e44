/**
 * A pointwise convolution and the statistics of its output in one pass: rows of z are summed while they are in the cache. Runs
 * and blocks of rows are those of callStatistics, so the same bits.
 */
import { defineKernel, specOf } from "../define-kernel.js";
import type { HeapOperand, Plan } from "../plan.js";
import { gemm } from "../products/gemm.js";
import { defineRows, packedBytes, type RowsSpec, tileRows } from "../products/gemm-tile.js";
import { matrixSource, pack } from "../products/pack.js";
import {
  addSums,
  BLOCK_ROWS,
  callStatistics,
  partialLayout,
  rowsPerTask,
  type Summing,
  startSums,
} from "./statistics.js";

/** Runs of rows are long where channels are many: with fewer, threads would wait for the last run longer than a pass lasts. */
const MIN_TASKS = 64;

interface Spec {
  readonly rows: RowsSpec;
  /** Rows of the last block of all, modulo those of a tile. */
  readonly lastTail: number;
}

const productKernel = defineKernel(
  {
    name: "product with statistics",
    spec: specOf<Spec>(),
    args: { x: "pointer", b: "pointer", z: "pointer", rows: "int", perTask: "int", partials: "pointer" },
  },
  ({ m, f, spec }, task, { x, b, z, rows, perTask, partials }) => {
    const { n, aRow, cRow } = spec.rows;
    const first = f.int(task.mul(perTask));
    const end = f.int(first.add(perTask).min(rows));
    const mine = f.int(partials.add(task.mul(partialLayout(n).bytes)));
    f.for(first, end, BLOCK_ROWS, (row) => {
      const count = f.int(end.sub(row).min(BLOCK_ROWS));
      const a = f.int(x.add(row.mul(aRow)));
      const c = f.int(z.add(row.mul(cRow)));
      const multiply = (tail: number) => f.call(defineRows(m, { ...spec.rows, tail }), a, b, c, count, 0);
      if (spec.lastTail === spec.rows.tail) multiply(spec.lastTail);
      else
        f.if(
          count.equal(BLOCK_ROWS),
          () => multiply(spec.rows.tail),
          () => multiply(spec.lastTail),
        );
      f.if(row.equal(first), () => startSums(m, f, n, c, mine, count));
      addSums(m, f, n, c, mine, count);
    });
  },
);

/** z [rows, n] = x [rows, k] w [k, n], and of z what callStatistics writes. */
export function callProductWithStatistics(
  plan: Plan,
  { rows, k, n }: { readonly rows: number; readonly k: number; readonly n: number },
  { x, w, z, gamma, beta }: Readonly<Record<"x" | "w" | "z" | "gamma" | "beta", HeapOperand>>,
  eps: number,
  [mean, variance, coefficients]: readonly [HeapOperand, HeapOperand, HeapOperand],
): void {
  const packed = plan.scratch(packedBytes(plan.target, k, n));
  pack(plan, matrixSource(k, n, false), w.pointer, packed);
  const isTogether = Math.ceil(rows / rowsPerTask(rows, n)) >= MIN_TASKS;
  if (!isTogether) gemm(plan, { m: rows, n, k }, x.pointer, packed, z.pointer);
  const tile = tileRows(plan.target);
  const spec: Spec = {
    rows: { ...{ n, k, aRow: 4 * k, cRow: 4 * n }, tail: BLOCK_ROWS % tile, directB: null, prefetch: true },
    lastTail: rows % BLOCK_ROWS === 0 ? BLOCK_ROWS % tile : (rows % BLOCK_ROWS) % tile,
  };
  const together: Summing = (_, tasks, args) =>
    productKernel.call(plan, { spec, tasks, args: { x: x.pointer, b: packed, z: z.pointer, rows, ...args } });
  const own = [{ gamma, beta, eps }, [mean, variance], coefficients.pointer] as const;
  callStatistics(plan, z.pointer, rows, n, ...own, ...(isTogether ? [together] : []));
}
