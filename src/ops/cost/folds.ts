import { type Shape, sizeOf } from "../../tensor/shape.js";
import { splitBranches } from "../branches.js";
import type { FoldOps } from "../spec/folds.js";
import type { FoldAttrs, PatchAttrs } from "../spec/index.js";
import { windowOutput } from "../window-output.js";
import { countMeetings } from "../windows.js";
import { productsCosts } from "./products.js";
import type { CostRule } from "./rule.js";

/** Where patches lie: [N, OH, OW] as a convolution with their geometry has outputs. */
function patches([n, h, w]: Shape, { kernelSize, stride, padding, dilation }: PatchAttrs): Shape {
  return [
    n!,
    windowOutput(h!, kernelSize[0], stride[0], padding[0], dilation[0]),
    windowOutput(w!, kernelSize[1], stride[1], padding[1], dilation[1]),
  ];
}

/** The output channels, the numbers of a patch, and for each branch how many of them its kernel sees; 1 for the identity. */
function folded(branches: readonly Shape[], k: number, attrs: FoldAttrs) {
  const { gammas, kernels } = splitBranches(branches, attrs);
  const seen = kernels.map((kernel) => (kernel ? sizeOf(kernel.slice(0, 3)) : 1));
  return {
    cOut: gammas[0]![0]!,
    k,
    sum: (of: (seen: number) => number) => seen.reduce((total, count) => total + of(count), 0),
  };
}

/** Elements read of "...branches" by the gradients, which do without β, and of γ without as many as `skipped`. */
function readsOfBranches(branches: readonly Shape[], attrs: FoldAttrs, skipped = 0): (number | undefined)[] {
  const { length: count } = splitBranches(branches, attrs).gammas;
  return branches.map((_, i) => (i < skipped || (i >= count && i < 2 * count) ? 0 : undefined));
}

export const foldsCosts: { readonly [K in keyof FoldOps]: CostRule<K> } = {
  // a covariance is symmetric: one of each pair of products; then the sum and the difference of each number
  patchMoments: ([x], attrs) => {
    const at = patches(x, attrs);
    const { pairs, inputs, taps } = countMeetings(x, at, attrs);
    const count = sizeOf(at) * attrs.groups;
    // taps that lie in the padding of every patch have moments of 0
    const k = taps * (x[3]! / attrs.groups);
    return {
      multiplyAdds: (count * k * (k + 1)) / 2,
      others: pairs * x[3]! + count * k,
      reads: [inputs * x[3]!],
    };
  },
  patchMomentsGrad: ([x, mean], attrs) => {
    const { pairs, inputs, taps } = countMeetings(x, patches(x, attrs), attrs);
    const numbers = pairs * x[3]!;
    return {
      multiplyAdds: numbers * mean[1]!,
      others: 2 * numbers,
      reads: [inputs * x[3]!, undefined, taps * x[3]!],
    };
  },
  foldedInputGrad: ([dy, w, x, ...moments], { behind, ...attrs }) => {
    const conv = productsCosts.conv2dInputGrad([dy, w], { ...attrs, inputShape: x }, [x]);
    const grad = foldsCosts.patchMomentsGrad([x, ...moments], attrs, [x]);
    const size = sizeOf(x);
    return {
      multiplyAdds: conv.multiplyAdds! + grad.multiplyAdds!,
      others: grad.others! + size * { none: 1, relu: 2, biasRelu: 3 }[behind],
      reads: [...conv.reads!, behind === "none" ? grad.reads![0] : size, ...grad.reads!.slice(1)],
    };
  },
  // each kernel times Σ, times μ, times Σw, into the weight; the weight times μ into the bias
  foldBranches: ([mean, , ...branches], attrs) => {
    const { cOut, k, sum } = folded(branches, mean[1]!, attrs);
    return { multiplyAdds: cOut * (sum((seen) => seen * (k + 3)) + k) };
  },
  // G = dweight − μ·dbias; w·G; s·(G − (dγ/σ)·Σw)
  foldBranchesGrad: ([dweight, dbias, mean, variances, projections, ...branches], attrs) => {
    const { cOut, k, sum } = folded(branches, mean[1]!, attrs);
    const kernels = sum((seen) => seen) - Number(attrs.hasIdentity);
    const all = [dweight, dbias, mean, variances].map(() => undefined);
    return {
      multiplyAdds: cOut * (sum((seen) => k + seen) + 2 * kernels),
      // of Σw as much as the kernel sees of a patch
      reads: [...all, projections[2]! * kernels, ...readsOfBranches(branches, attrs, Number(attrs.hasIdentity))],
    };
  },
  // the weight times dbias; for each branch its factor, and the square of its kernel times that
  foldMomentsGrad: ([, , weight, , ...branches], attrs) => {
    const { cOut, k, sum } = folded(branches, sizeOf(weight.slice(0, 3)), attrs);
    const before = [undefined, undefined, undefined, undefined];
    return {
      multiplyAdds: cOut * (k + sum((seen) => 2 + seen + seen ** 2)),
      reads: [...before, ...readsOfBranches(branches, attrs)],
    };
  },
};
