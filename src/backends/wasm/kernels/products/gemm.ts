/**
 * C[m, n] = A[m, k] B[k, n] with A and C row-major and B packed (or read in place when few rows would not repay packing).
 * Tasks are runs of rows.
 */
import type { Target } from "../../../../wasm/index.js";
import { type Epilogue, kindOf } from "../blocks/epilogue.js";
import { blocksOf } from "../blocks/tasks.js";
import { defineRangeKernel, specOf } from "../define-kernel.js";
import type { Plan } from "../plan.js";
import { defineRows, type RowsSpec, tileRows } from "./gemm-tile.js";

/** Work of one task: about 80 µs on a 50 GFLOP/s core, enough to hide the claim, small enough to balance. */
const TASK_FLOPS = 4e6;

export interface GemmSizes {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** Bytes from row to row; default contiguous. */
  readonly aRow?: number;
  readonly cRow?: number;
}

/** True when B of [k, n] (not transposed) is better read where it lies than packed. */
export const prefersDirectB = (target: Target, { m, n }: GemmSizes): boolean =>
  n % target.lanes === 0 && m <= 2 * tileRows(target);

/** Rows per task, a multiple of the tile's, from shapes only. */
export function taskRows(target: Target, n: number, k: number): number {
  const rows = tileRows(target);
  return rows * Math.max(1, Math.round(TASK_FLOPS / (2 * rows * n * k)));
}

interface Spec {
  readonly rows: RowsSpec;
  readonly rowsPerTask: number;
}

const gemmKernel = defineRangeKernel(
  {
    name: "gemm",
    spec: specOf<Spec>(),
    args: { a: "pointer", b: "pointer", c: "pointer", rows: "int", bias: "pointer" },
  },
  ({ m, f, spec: { rows: spec, rowsPerTask } }, { begin, end }, { a, b, c, rows, bias }) => {
    const first = f.int(begin.mul(rowsPerTask));
    const count = f.int(end.mul(rowsPerTask).min(rows).sub(first));
    f.call(defineRows(m, spec), a.add(first.mul(spec.aRow)), b, c.add(first.mul(spec.cRow)), count, bias);
  },
);

export interface GemmOptions {
  /** B is read where it lies instead of packed (pack.ts). */
  readonly direct?: boolean;
  readonly epilogue?: Epilogue | null;
}

/** Runs the product. */
export function gemm(
  plan: Plan,
  sizes: GemmSizes,
  a: number,
  b: number,
  c: number,
  { direct = false, epilogue = null }: GemmOptions = {},
): void {
  const { m, n, k, aRow = 4 * k, cRow = 4 * n } = sizes;
  const spec: RowsSpec = {
    n,
    k,
    aRow,
    cRow,
    tail: m % tileRows(plan.target),
    directB: direct ? 4 * n : null,
    prefetch: aRow === 4 * k,
    epilogue: kindOf(epilogue),
  };
  const rowsPerTask = taskRows(plan.target, n, k);
  gemmKernel.call(plan, {
    spec: { rows: spec, rowsPerTask },
    tasks: blocksOf(m, rowsPerTask),
    args: { a, b, c, rows: m, bias: epilogue?.bias ?? 0 },
  });
}
