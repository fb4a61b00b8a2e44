/**
 * What reaches the rows x [M, Cin] of a pointwise convolution through the batch norm behind it, and through one of x itself, in
 * one pass: rows of dz are made and multiplied with Wᵀ, the other branch is added and a relu's mask applied, while all of them
 * are in the cache. The same additions in the same order as the separate ops make, so the same bits.
 */
import {
  applyReluRows,
  callMergeSums,
  callReluRows,
  type ReluRows,
  SUM_ROWS,
  sumBytes,
  sumTaskRows,
} from "../blocks/relu-rows.js";
import { blocksOf } from "../blocks/tasks.js";
import { defineKernel, list, specOf } from "../define-kernel.js";
import type { Plan } from "../plan.js";
import { gemm } from "../products/gemm.js";
import { defineRows, packedBytes, type RowsSpec, tileRows } from "../products/gemm-tile.js";
import { matrixSource, pack } from "../products/pack.js";
import { applyRows, callRows, type RowsFormula } from "./apply.js";
import { inputGradient } from "./gradient.js";

/** Bytes of a block's rows of dz or dx at most, but SUM_ROWS: four such blocks stay in an L2 cache. */
const BLOCK_BYTES = 1 << 16;

/** Weights that every block of rows fetches from beyond the L2 cache: above, the product alone, over all rows, wins more. */
const MAX_WEIGHT_BYTES = 1 << 22;

/** dx + what reaches x through its own batch norm. */
const addInputGradient: RowsFormula = {
  name: "batch-norm gradient add",
  inputs: 3,
  tables: inputGradient.tables,
  formula: (f, [dx, dy, x], coefficients) => dx!.add(inputGradient.formula(f, [dy!, x!], coefficients)),
};

interface Spec {
  readonly rows: RowsSpec;
  /** Rows made at a time, and rows of a task. */
  readonly block: number;
  readonly rowsPerTask: number;
  readonly hasSkip: boolean;
  readonly behind: ReluRows | null;
}

const productKernel = defineKernel(
  {
    name: "batch-norm input product",
    spec: specOf<Spec>(),
    args: ({ hasSkip }: Spec) => ({
      dy: "pointer",
      z: "pointer",
      coefficients: "pointer",
      b: "pointer",
      x: "pointer",
      ofSkip: list(hasSkip ? 1 : 0, "pointer"),
      dz: "pointer",
      dx: "pointer",
      rows: "int",
      sums: "pointer",
    }),
  },
  ({ m, f, spec }, task, { dy, z, coefficients, b, x, ofSkip, dz, dx, rows, sums }) => {
    const { n: cIn, k: cOut } = spec.rows;
    const mine = f.int(sums.add(task.mul(sumBytes(cIn))));
    if (spec.behind?.hasSums) f.fill(mine, 0, sumBytes(cIn));
    const last = f.int(task.add(1).mul(spec.rowsPerTask).min(rows));
    f.for(task.mul(spec.rowsPerTask), last, spec.block, (row) => {
      const count = f.int(last.sub(row).min(spec.block));
      const [pDy, pZ, pDz] = [dy, z, dz].map((pointer) => f.int(pointer.add(row.mul(4 * cOut))));
      const [pX, pDx] = [x, dx].map((pointer) => f.int(pointer.add(row.mul(4 * cIn))));
      applyRows(m, f, inputGradient, cOut, { inputs: [pDy!, pZ!], y: pDz!, tables: [coefficients] }, count);
      f.call(defineRows(m, spec.rows), pDz!, b, pDx!, count, 0);
      if (spec.hasSkip)
        applyRows(m, f, addInputGradient, cIn, { inputs: [pDx!, pDy!, pX!], y: pDx!, tables: ofSkip }, count);
      if (spec.behind) applyReluRows(m, f, spec.behind, { dy: pDx!, y: pX!, dx: pDx!, sums: mine }, count);
    });
  },
);

/** Addresses and sizes of the operands of normedInputGrad; where there is a skip, cIn is cOut. */
export interface InputProduct {
  readonly rows: number;
  readonly cIn: number;
  readonly cOut: number;
  /** Whether x is a relu's output. */
  readonly hasMask: boolean;
  readonly dy: number;
  readonly z: number;
  readonly coefficients: number;
  readonly w: number;
  readonly x: number;
  /** Coefficients of the batch norm of x; null without. */
  readonly ofSkip: number | null;
  readonly dz: number;
  readonly dx: number;
  /** Where the sums go; null where none are wanted. */
  readonly dbias: number | null;
}

export function callInputProduct(plan: Plan, product: InputProduct): void {
  const call = 4 * product.cIn * product.cOut > MAX_WEIGHT_BYTES ? callApart : callTogether;
  call(plan, product);
}

/** Pass by pass. */
function callApart(plan: Plan, { rows, cIn, cOut, ofSkip, hasMask, dbias, ...at }: InputProduct): void {
  callRows(plan, inputGradient, rows, cOut, [at.dy, at.z], [at.coefficients], at.dz);
  const packed = plan.scratch(packedBytes(plan.target, cOut, cIn));
  pack(plan, matrixSource(cOut, cIn, true), at.w, packed);
  gemm(plan, { m: rows, n: cIn, k: cOut }, at.dz, packed, at.dx);
  if (ofSkip !== null) callRows(plan, addInputGradient, rows, cIn, [at.dx, at.dy, at.x], [ofSkip], at.dx);
  if (hasMask) callReluRows(plan, { channels: cIn, rows, hasMask }, { dy: at.dx, y: at.x, dx: at.dx, dbias });
}

function callTogether(plan: Plan, { w, cIn, cOut, ofSkip, hasMask, dbias, ...args }: InputProduct): void {
  const { rows } = args;
  const packed = plan.scratch(packedBytes(plan.target, cOut, cIn));
  pack(plan, matrixSource(cOut, cIn, true), w, packed);
  const tail = rows % tileRows(plan.target);
  const rowsPerTask = sumTaskRows(cIn);
  const most = SUM_ROWS * Math.max(1, Math.floor(BLOCK_BYTES / (4 * SUM_ROWS * Math.max(cIn, cOut))));
  const tasks = blocksOf(rows, rowsPerTask);
  const sums = dbias === null ? 0 : plan.scratch(tasks * sumBytes(cIn));
  const spec: Spec = {
    rows: { ...{ n: cIn, k: cOut, aRow: 4 * cOut, cRow: 4 * cIn, tail }, directB: null, prefetch: false },
    block: Math.min(rowsPerTask, most),
    rowsPerTask,
    hasSkip: ofSkip !== null,
    behind: hasMask ? { channels: cIn, hasMask, hasSums: dbias !== null } : null,
  };
  const { dy, z, coefficients, x, dz, dx } = args;
  productKernel.call(plan, {
    spec,
    tasks,
    args: { ...{ dy, z, coefficients, b: packed, x, dz, dx, rows, sums }, ofSkip: ofSkip === null ? [] : [ofSkip] },
  });
  if (dbias !== null) callMergeSums(plan, cIn, sums, tasks, dbias);
}
