/**
 * The kernels of folded branches laid side by side as [branch][K][Cout], zeros where a smaller kernel does not reach, so that
 * one call serves them all; scales and shifts below each other.
 */
import { firstTap, splitBranches } from "../../../ops/branches.js";
import type { FoldAttrs } from "../../../ops/spec/index.js";
import { sizeOf } from "../../../tensor/shape.js";
import { defineKernel, type GpuKernel } from "../kernel.js";
import { type BufferOperand, flat, type Place, type Plan, part, type View, viewOf } from "../plan.js";

/** The identity's kernel: 1 where a patch number is the output channel's own. */
const identityKernel = defineKernel(
  { name: "identity branch", rank: 3, args: { any: "array", first: "integer", outPerGroup: "integer" } },
  `const own = this.thread.x - Math.floor((this.thread.x + 0.5) / outPerGroup) * outPerGroup;
  if (this.thread.y === first + own) { return 1; }
  return 0;`,
);
const widenKernel = defineKernel(
  { name: "kernel among zeros", rank: 3, args: { kernel: "array", first: "integer", size: "integer" } },
  `const i = this.thread.y - first;
  if (i < 0) { return 0; }
  if (i >= size) { return 0; }
  return kernel[0][i][this.thread.x];`,
);

export interface Folded {
  readonly k: number;
  readonly cOut: number;
  readonly branches: number;
  readonly outPerGroup: number;
  /** [branch][K][Cout] */
  readonly kernels: Place;
  readonly kernelsView: View;
  /** [branch][Cout] */
  readonly gammas: View;
  readonly gammaOperands: readonly BufferOperand[];
  readonly betas: () => View;
  /** First patch number that a branch's kernel covers, and how many it covers. */
  readonly reach: readonly { readonly first: number; readonly size: number }[];
}

/** Vectors [Cout] below each other. */
function stack(vectors: readonly BufferOperand[], plan: Plan): View {
  const { size } = vectors[0]!;
  const place = plan.scratch(vectors.length * size);
  vectors.forEach((v, i) => {
    plan.copy(v.place, part(place, i * size, size));
  });
  return viewOf(place, 1, vectors.length, size);
}

export function layOut(rest: readonly BufferOperand[], k: number, attrs: FoldAttrs, plan: Plan): Folded {
  const { gammas, betas, kernels } = splitBranches(rest, attrs);
  const cOut = gammas[0]!.size;
  const outPerGroup = cOut / attrs.groups;
  const perGroup = k / sizeOf(attrs.kernelSize);
  const reach = kernels.map((kernel) => ({
    first: firstTap(attrs.kernelSize, kernel?.shape ?? null) * perGroup,
    size: kernel ? kernel.size / cOut : perGroup,
  }));
  const place = plan.scratch(kernels.length * k * cOut);
  kernels.forEach((kernel, b) => {
    const to = part(place, b * k * cOut, k * cOut);
    const { first, size } = reach[b]!;
    if (!kernel) plan.call(identityKernel, to, [cOut, k, 1], { any: flat(gammas[0]!.place), first, outPerGroup });
    else if (size === k) plan.copy(kernel.place, to);
    else plan.call(widenKernel, to, [cOut, k, 1], { kernel: viewOf(kernel.place, 1, size, cOut), first, size });
  });
  return {
    k,
    cOut,
    branches: kernels.length,
    outPerGroup,
    kernels: place,
    kernelsView: viewOf(place, kernels.length, k, cOut),
    gammas: stack(gammas, plan),
    gammaOperands: gammas,
    betas: () => stack(betas, plan),
    reach,
  };
}

export const branchKernels: readonly GpuKernel[] = [identityKernel, widenKernel];
