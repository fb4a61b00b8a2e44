/**
 * C[m, n] = A[m, k] B[k, n] with A and C row-major and B packed (or read in place when few rows would not repay packing).
 * Tasks are runs of rows.
 */
import type { IntVar, Target } from "../../../../wasm/index.js";
import { applyEpilogue, type Epilogue, type EpilogueKind, kindOf } from "../blocks/epilogue.js";
import { blocksOf } from "../blocks/tasks.js";
import { defineRangeKernel, list, specOf } from "../define-kernel.js";
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
  readonly kind: EpilogueKind;
}

const gemmKernel = defineRangeKernel(
  {
    name: "gemm",
    spec: specOf<Spec>(),
    args: ({ kind }: Spec) => ({
      a: "pointer",
      b: "pointer",
      c: "pointer",
      rows: "int",
      bias: list(kind ? 1 : 0, "pointer"),
    }),
  },
  ({ m, f, spec: { rows: spec, rowsPerTask, kind } }, { begin, end }, { a, b, c, rows, bias }) => {
    const product = (first: IntVar, last: IntVar) =>
      f.call(defineRows(m, spec), a.add(first.mul(spec.aRow)), b, c.add(first.mul(spec.cRow)), last.sub(first));
    if (!kind) {
      product(f.int(begin.mul(rowsPerTask)), f.int(end.mul(rowsPerTask).min(rows)));
      return;
    }
    // task by task, so that the epilogue finds its rows in the cache
    f.for(begin, end, 1, (task) => {
      const first = f.int(task.mul(rowsPerTask));
      const last = f.int(first.add(rowsPerTask).min(rows));
      product(first, last);
      const at = { columns: spec.n, rowBytes: spec.cRow };
      applyEpilogue(f, m, kind, at, c.add(first.mul(spec.cRow)), bias[0], last.sub(first));
    });
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
  };
  const rowsPerTask = taskRows(plan.target, n, k);
  gemmKernel.call(plan, {
    spec: { rows: spec, rowsPerTask, kind: kindOf(epilogue) },
    tasks: blocksOf(m, rowsPerTask),
    args: { a, b, c, rows: m, bias: epilogue ? [epilogue.bias] : [] },
  });
}
