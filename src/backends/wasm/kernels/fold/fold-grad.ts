/**
 * The gradients of γ and of the kernels of folded branches, in float64 (formulas: autograd/folding.ts). Output channels are
 * independent: a task does up to four, two passes over each of their kernels.
 */
import {
  type Float,
  type FunctionBuilder,
  type Int,
  type IntLike,
  type IntVar,
  maddDouble,
  type Vec,
} from "../../../../wasm/index.js";
import { loadDoublesOf } from "../blocks/channels.js";
import { defineKernel, list, specOf } from "../define-kernel.js";
import type { HeapOperand, Plan } from "../plan.js";
import { atPosition, type BranchLayout, type PanelPosition, pairsOf, taskCount } from "./branch-panels.js";

type Named = "dweight" | "dbias" | "mean" | "variances" | "projections" | "dgammas";

interface Arguments extends Readonly<Record<Named, IntVar>> {
  readonly eps: Float<"f32">;
  readonly gammas: readonly IntVar[];
  /** Null for the identity. */
  readonly kernels: readonly (IntVar | null)[];
  readonly dkernels: readonly (IntVar | null)[];
}

/** dγ of the identity: its kernel is a one, so w·G is a number of G. */
function identityGrad(
  f: FunctionBuilder,
  layout: BranchLayout,
  p: Arguments,
  place: PanelPosition,
  columns: number,
): void {
  const { k, cOut, covers } = layout;
  const { first } = covers[0]!;
  for (let j = 0; j < columns; j++) {
    const row = f.int(place.local.add(first + j));
    const at = f.int(place.channel.add(j).mul(4));
    const double = (pointer: Int) => f.loadFloat("f32", pointer).promote();
    const mu = f.loadFloat("f64", p.mean.add(place.group.mul(k).add(row).mul(8)));
    const g = double(p.dweight.add(row.mul(4 * cOut)).add(at)).sub(mu.mul(double(p.dbias.add(at))));
    const sigma = double(p.variances.add(at)).add(p.eps.promote()).sqrt();
    f.storeFloat(p.dgammas.add(at), 0, g.div(sigma).demote());
  }
}

/** dγ and the kernel's gradient of branch `i`, for one pair of columns. */
function kernelGrad(
  f: FunctionBuilder,
  { k, cOut, covers }: BranchLayout,
  p: Arguments,
  { group, channel }: PanelPosition,
  i: number,
  { at, lanes }: { readonly at: number; readonly lanes: number },
): void {
  const { first, rows } = covers[i]!;
  const column = f.int(channel.add(at).mul(4));
  const load = (pointer: IntLike, offset = 0): Vec => loadDoublesOf(f, pointer, offset, lanes);
  const db = f.vec(load(p.dbias.add(column)));
  const [g, mu] = [f.int(), f.int()];
  /** Calls `body` for each row the kernel covers, with G = dW − μ db of that row. */
  const forEachRow = (body: (gradient: Vec) => void): void => {
    g.set(p.dweight.add(4 * first * cOut).add(column));
    mu.set(p.mean.add(group.mul(8 * k)).add(8 * first));
    f.for(0, rows, 1, () => {
      body(load(g).subDouble(f.broadcastDouble(mu, 0, 1).mulDouble(db)));
      g.inc(4 * cOut);
      mu.inc(8);
    });
  };
  const dot = f.vec(f.splatDouble(0, 1));
  const w = f.int(p.kernels[i]!.add(column));
  forEachRow((gradient) => {
    dot.set(maddDouble(f, gradient, load(w), dot));
    w.inc(4 * cOut);
  });
  const spread = load(p.variances.add(column), 4 * i * cOut).addDouble(f.splat(p.eps.promote(), 1));
  const sigma = f.vec(spread.sqrtDouble());
  const dgamma = f.vec(dot.divDouble(sigma));
  const scale = f.vec(load(p.gammas[i]!.add(column)).divDouble(sigma));
  const share = f.vec(dgamma.divDouble(sigma));
  f.storePartial(p.dgammas.add(column), 4 * i * cOut, dgamma.demote(), lanes);
  const projection = f.int(p.projections.add(4 * (i * k + first) * cOut).add(column));
  const out = f.int(p.dkernels[i]!.add(column));
  forEachRow((gradient) => {
    const value = gradient.subDouble(share.mulDouble(load(projection))).mulDouble(scale);
    f.storePartial(out, 0, value.demote(), lanes);
    for (const pointer of [projection, out]) pointer.inc(4 * cOut);
  });
}

/** An entry for every branch: what each has that is not the identity, in order, and null for that. */
function perBranch<T>({ covers }: BranchLayout, values: readonly T[]): (T | null)[] {
  let next = 0;
  return covers.map(({ isIdentity }) => (isIdentity ? null : values[next++]!));
}

const gradKernel = defineKernel(
  {
    name: "fold gradient",
    spec: specOf<BranchLayout>(),
    args: ({ branches, covers }: BranchLayout) => {
      const withKernel = covers.filter(({ isIdentity }) => !isIdentity).length;
      return {
        dweight: "pointer",
        dbias: "pointer",
        mean: "pointer",
        variances: "pointer",
        projections: "pointer",
        dgammas: "pointer",
        eps: "float",
        gammas: list(branches, "pointer"),
        kernels: list(withKernel, "pointer"),
        dkernels: list(withKernel, "pointer"),
      };
    },
  },
  ({ f, spec: layout }, task, { kernels, dkernels, ...others }) => {
    const args = { ...others, kernels: perBranch(layout, kernels), dkernels: perBranch(layout, dkernels) };
    atPosition(f, layout, task, (place, columns) => {
      layout.covers.forEach(({ isIdentity }, i) => {
        if (isIdentity) identityGrad(f, layout, args, place, columns);
        else for (const pair of pairsOf(columns)) kernelGrad(f, layout, args, place, i, pair);
      });
    });
  },
);

/** Runs foldBranchesGrad: `branches` are the op's trailing inputs, `outputs` dgammas and kernel gradients. */
export function callFoldGrad(
  plan: Plan,
  layout: BranchLayout,
  [dweight, dbias, mean, variances, projections]: readonly [
    HeapOperand,
    HeapOperand,
    HeapOperand,
    HeapOperand,
    HeapOperand,
  ],
  branches: readonly HeapOperand[],
  [dgammas, ...dkernels]: readonly [HeapOperand, ...HeapOperand[]],
  eps: number,
): void {
  const count = layout.branches;
  const pointersOf = (operands: readonly HeapOperand[]) => operands.map(({ pointer }) => pointer);
  gradKernel.call(plan, {
    spec: layout,
    tasks: taskCount(layout),
    args: {
      dweight: dweight.pointer,
      dbias: dbias.pointer,
      mean: mean.pointer,
      variances: variances.pointer,
      projections: projections.pointer,
      dgammas: dgammas.pointer,
      eps,
      gammas: pointersOf(branches.slice(0, count)),
      kernels: pointersOf(branches.slice(2 * count)),
      dkernels: pointersOf(dkernels),
    },
  });
}
