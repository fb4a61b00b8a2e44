/**
 * How the branches of a folded block travel through an op's inputs, "...branches" in spec/folds.ts: every γ, every β, every
 * kernel, in that order; a branch that passes its input through has no kernel and comes first.
 */
import { type Shape, sameShape, showShape } from "../tensor/shape.js";
import { ShapeError } from "../util/errors.js";
import type { FoldAttrs, Pair, PatchAttrs, PerOutput } from "./spec/index.js";

export interface Branches<T> {
  readonly gammas: readonly T[];
  readonly betas: readonly T[];
  /** One per branch; null for the identity. */
  readonly kernels: readonly (T | null)[];
}

/** Sorts "...branches" out. */
export function splitBranches<T>(list: readonly T[], { hasIdentity }: Pick<FoldAttrs, "hasIdentity">): Branches<T> {
  const count = (list.length + Number(hasIdentity)) / 3;
  return {
    gammas: list.slice(0, count),
    betas: list.slice(count, 2 * count),
    kernels: [...(hasIdentity ? [null] : []), ...list.slice(2 * count)],
  };
}

/** The first tap (ky·KW + kx) of the block's kernel that a branch's kernel covers: a 1×1 kernel sits in the middle. */
export const firstTap = ([kh, kw]: Pair, kernel: Shape | null): number =>
  kernel && kernel[0] === kh && kernel[1] === kw ? 0 : Math.floor(kh / 2) * kw + Math.floor(kw / 2);

/** Numbers of a patch that a kernel over `inPerGroup` channels sees. */
export const patchSize = ([kh, kw]: Pair, inPerGroup: number): number => kh * kw * inPerGroup;

/** The shapes of patchMoments' outputs for x [N, H, W, Cin]; the geometry was checked. */
export function momentShapes(x: Shape, { kernelSize, groups }: PatchAttrs): PerOutput<"patchMoments", Shape> {
  if (!Number.isInteger(groups) || groups < 1 || x[3]! % groups !== 0)
    throw new ShapeError(
      `patchMoments: input ${showShape(x)} has ${x[3]} channels, not a multiple of groups=${groups}`,
    );
  const k = patchSize(kernelSize, x[3]! / groups);
  return [
    [groups, k],
    [groups, k, k],
  ];
}

export interface FoldSizes {
  readonly branches: number;
  readonly inPerGroup: number;
  readonly cOut: number;
  /** Numbers of a patch of one group. */
  readonly k: number;
}

/** The sizes of a fold of these branches over patches of `k` numbers. Throws ShapeError where they do not fit together. */
export function foldSizes(where: string, k: number, branches: readonly Shape[], attrs: FoldAttrs): FoldSizes {
  const { kernelSize, groups, hasIdentity } = attrs;
  const { gammas, betas, kernels } = splitBranches(branches, attrs);
  if (!Number.isInteger(gammas.length) || gammas.length < 1 || kernels.length !== gammas.length)
    throw new ShapeError(
      `${where}: ${branches.length} tensors of branches, expected a γ, a β and a kernel for each${hasIdentity ? " but the identity" : ""}`,
    );
  const taps = patchSize(kernelSize, 1);
  const cOut = gammas[0]![0]!;
  const inPerGroup = k / taps;
  const odd = [...gammas, ...betas].find((v) => !sameShape(v, [cOut]));
  if (odd)
    throw new ShapeError(`${where}: γ and β have the shapes [${cOut}] and ${showShape(odd)}, expected equal ones`);
  for (const kernel of kernels) {
    if (!kernel) {
      if (cOut !== inPerGroup * groups)
        throw new ShapeError(`${where}: an identity of ${inPerGroup * groups} channels cannot give ${cOut}`);
      continue;
    }
    const isSized = [kernelSize, [1, 1]].some(([kh, kw]) => kernel[0] === kh && kernel[1] === kw);
    if (!isSized || kernel[2] !== inPerGroup || kernel[3] !== cOut || cOut % groups !== 0)
      throw new ShapeError(
        `${where}: kernel ${showShape(kernel)} among patches of ${showShape([...kernelSize, inPerGroup])} with groups=${groups}, expected ${showShape([...kernelSize, inPerGroup, cOut])} or 1x1`,
      );
  }
  return { branches: gammas.length, inPerGroup, cOut, k };
}
