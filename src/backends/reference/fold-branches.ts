/**
 * Branches of convolution and batch norm as one convolution, from the moments of their patches, and the gradients of that:
 * the formulas of docs/folded-training.md 1 and their gradients, one output channel after the other, in float64. autograd/folding.ts states the gradients.
 */
import type { FoldAttrs } from "../../ops/spec/index.js";
import { sizeOf } from "../../tensor/shape.js";
import type { ArrayView } from "../kernel-table.js";

type Two = readonly [ArrayView, ArrayView];
type Four = readonly [ArrayView, ArrayView, ArrayView, ArrayView];
type Five = readonly [ArrayView, ArrayView, ArrayView, ArrayView, ArrayView];
type Many = readonly ArrayView[];

// this backend judges the others, which take the order of operands and the place of a 1x1 kernel from ops/branches.ts: both
// are worked out anew here, from the shapes

interface Branches {
  readonly gammas: Many;
  readonly betas: Many;
  /** One per branch; null for the identity. */
  readonly kernels: readonly (ArrayView | null)[];
}

/** Vectors are every γ, then every β; what has four axes is a kernel. */
function branchesOf(operands: Many, { hasIdentity }: FoldAttrs): Branches {
  const vectors = operands.filter(({ shape }) => shape.length === 1);
  const kernels: (ArrayView | null)[] = operands.filter(({ shape }) => shape.length === 4);
  if (hasIdentity) kernels.unshift(null);
  return { gammas: vectors.slice(0, kernels.length), betas: vectors.slice(kernels.length), kernels };
}

/** The tap at which a branch's kernel of kh·kw taps begins: 1x1, as the identity, stands in the middle of odd sides. */
function tapOffset([height, width]: FoldAttrs["kernelSize"], kernel: ArrayView | null): number {
  const [kh, kw] = kernel ? (kernel.shape as readonly number[]) : [1, 1];
  const row = kh === height && kw === width ? 0 : height >> 1;
  const column = kh === height && kw === width ? 0 : width >> 1;
  return row * width + column;
}

/** What branch `i` multiplies its patches with to give output channel `o`: [K], zeros where a smaller kernel does not reach. */
function kernelColumn(kernel: ArrayView | null, o: number, k: number, cOut: number, attrs: FoldAttrs): Float64Array {
  const column = new Float64Array(k);
  const taps = sizeOf(attrs.kernelSize);
  const first = tapOffset(attrs.kernelSize, kernel) * (k / taps);
  if (!kernel) column[first + (o % (cOut / attrs.groups))] = 1;
  else for (let i = 0; i < kernel.data.length / cOut; i++) column[first + i] = kernel.data[i * cOut + o]!;
  return column;
}

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((total, value, i) => total + value * b[i]!, 0);

/** Matrix [k, k], which starts at `from` of `matrices`, times w [k]. */
function product(matrices: Float64Array, from: number, w: Float64Array): Float64Array {
  const k = w.length;
  const result = new Float64Array(k);
  for (let i = 0; i < k; i++) {
    const row = from + i * k;
    let total = 0;
    for (let j = 0; j < k; j++) total += matrices[row + j]! * w[j]!;
    result[i] = total;
  }
  return result;
}

/** Adds factor · w wᵀ to the matrix [k, k] that starts at `from` of `matrices`. */
function addSquare(matrices: Float64Array, from: number, w: Float64Array, factor: number): void {
  const k = w.length;
  for (let i = 0; i < k; i++) {
    const row = from + i * k;
    const scaled = factor * w[i]!;
    for (let j = 0; j < k; j++) matrices[row + j]! += scaled * w[j]!;
  }
}

/** Calls `visit` for every branch of every output channel. */
function forEachColumn(
  { kernels }: Branches,
  k: number,
  cOut: number,
  attrs: FoldAttrs,
  visit: (o: number, group: number, branch: number, column: Float64Array) => void,
): void {
  for (let o = 0; o < cOut; o++)
    kernels.forEach((kernel, branch) => {
      visit(o, Math.floor(o / (cOut / attrs.groups)), branch, kernelColumn(kernel, o, k, cOut, attrs));
    });
}

/**
 * mean = w·μ, variance = w Σ wᵀ, s = γ/√(variance + eps): weight = Σ s w, bias = Σ (β − s mean) over branches. The bias is
 * taken as Σβ − weight·μ with the weight as it was rounded, so that rounding it does not shift the mean of the output.
 */
export function foldBranches(
  [mu, covariance, ...rest]: readonly [ArrayView, ArrayView, ...Many],
  attrs: FoldAttrs,
  [weight, bias, means, variances, projections]: Five,
): void {
  const k = mu.shape[1]!;
  const cOut = bias.data.length;
  const branches = branchesOf(rest, attrs);
  const weightTotal = new Float64Array(weight.data.length);
  const biasTotal = new Float64Array(cOut);
  forEachColumn(branches, k, cOut, attrs, (o, group, branch, w) => {
    const projection = product(covariance.data as Float64Array, group * k * k, w);
    let mean = 0;
    for (let i = 0; i < k; i++) mean += w[i]! * mu.data[group * k + i]!;
    const variance = Math.max(0, dot(w, projection));
    const scale = branches.gammas[branch]!.data[o]! / Math.sqrt(variance + attrs.eps);
    for (let i = 0; i < k; i++) {
      weightTotal[i * cOut + o]! += scale * w[i]!;
      projections.data[(branch * k + i) * cOut + o] = projection[i]!;
    }
    biasTotal[o]! += branches.betas[branch]!.data[o]!;
    means.data[branch * cOut + o] = mean;
    variances.data[branch * cOut + o] = variance;
  });
  weight.data.set(weightTotal);
  const outPerGroup = cOut / attrs.groups;
  for (let o = 0; o < cOut; o++)
    for (let i = 0; i < k; i++)
      biasTotal[o]! -= weight.data[i * cOut + o]! * mu.data[Math.floor(o / outPerGroup) * k + i]!;
  bias.data.set(biasTotal);
}

export function foldBranchesGrad(
  [dweight, dbias, mu, variances, projections, ...rest]: readonly [...Five, ...Many],
  attrs: FoldAttrs,
  [dgammas, ...dkernels]: readonly [ArrayView, ...Many],
): void {
  const k = mu.shape[1]!;
  const cOut = dbias.data.length;
  const branches = branchesOf(rest, attrs);
  forEachColumn(branches, k, cOut, attrs, (o, group, branch, w) => {
    // G: the gradient of a kernel over centred patches
    const g = Float64Array.from(w, (_, i) => dweight.data[i * cOut + o]! - mu.data[group * k + i]! * dbias.data[o]!);
    const sigma = Math.sqrt(variances.data[branch * cOut + o]! + attrs.eps);
    const dgamma = dot(w, g) / sigma;
    dgammas.data[branch * cOut + o] = dgamma;
    const dkernel = dkernels[branch - Number(attrs.hasIdentity)];
    if (!dkernel) return;
    const first = tapOffset(attrs.kernelSize, dkernel) * (k / sizeOf(attrs.kernelSize));
    const scale = branches.gammas[branch]!.data[o]! / sigma;
    for (let i = 0; i < dkernel.data.length / cOut; i++) {
      const projection = projections.data[(branch * k + first + i) * cOut + o]!;
      dkernel.data[i * cOut + o] = scale * (g[first + i]! - (dgamma / sigma) * projection);
    }
  });
}

export function foldMomentsGrad(
  [dgammas, dbias, weight, variances, ...rest]: readonly [...Four, ...Many],
  attrs: FoldAttrs,
  [dmu, dcovariance]: Two,
): void {
  const k = dmu.shape[1]!;
  const cOut = dbias.data.length;
  const branches = branchesOf(rest, attrs);
  dmu.data.fill(0);
  dcovariance.data.fill(0);
  for (let i = 0; i < k; i++)
    for (let o = 0; o < cOut; o++)
      dmu.data[Math.floor(o / (cOut / attrs.groups)) * k + i]! -= weight.data[i * cOut + o]! * dbias.data[o]!;
  forEachColumn(branches, k, cOut, attrs, (o, group, branch, w) => {
    const at = branch * cOut + o;
    // dvariance = −½ γ/σ · dγ/σ
    const dvariance =
      (-0.5 * branches.gammas[branch]!.data[o]! * dgammas.data[at]!) / (variances.data[at]! + attrs.eps);
    addSquare(dcovariance.data as Float64Array, group * k * k, w, dvariance);
  });
}
