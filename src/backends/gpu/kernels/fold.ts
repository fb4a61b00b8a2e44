/**
 * Folded branches and their gradients (the formulas stand in autograd/folding.ts); branches.ts lays their kernels side
 * by side.
 */
import { defineKernel, type GpuKernel } from "../kernel.js";
import { type BufferOperand, flat, type Lowering, viewOf } from "../plan.js";
import { branchKernels, layOut } from "./branches.js";
import { multiply, product } from "./products.js";
import { sumRun } from "./reduce.js";

const GROUP = "const group = Math.floor((this.thread.x + 0.5) / outPerGroup);";
const projectionKernel = defineKernel(
  {
    name: "covariance · kernel",
    rank: 3,
    args: { covariance: "array", kernels: "array", size: "integer", outPerGroup: "integer" },
  },
  `${GROUP}
  let total = 0;
  for (let j = 0; j < size; j++) {
    total += covariance[group][this.thread.y][j] * kernels[this.thread.z][j][this.thread.x];
  }
  return total;`,
);
const branchMeanKernel = defineKernel(
  {
    name: "mean of a branch",
    rank: 3,
    args: { mean: "array", kernels: "array", size: "integer", outPerGroup: "integer" },
  },
  `${GROUP}
  let total = 0;
  for (let i = 0; i < size; i++) {
    total += mean[0][group][i] * kernels[this.thread.y][i][this.thread.x];
  }
  return total;`,
);
const branchVarianceKernel = defineKernel(
  { name: "variance of a branch", rank: 3, args: { kernels: "array", projections: "array", size: "integer" } },
  `let total = 0;
  for (let i = 0; i < size; i++) {
    total += kernels[this.thread.y][i][this.thread.x] * projections[this.thread.y][i][this.thread.x];
  }
  return larger(total, 0);`,
);
const weightKernel = defineKernel(
  {
    name: "folded weight",
    rank: 3,
    args: { kernels: "array", gammas: "array", variances: "array", branches: "integer", eps: "float" },
  },
  `let total = 0;
  for (let b = 0; b < branches; b++) {
    total += kernels[b][this.thread.y][this.thread.x] * gammas[0][b][this.thread.x]
      / sqrtOf(variances[0][b][this.thread.x] + eps);
  }
  return total;`,
);
const biasKernel = defineKernel(
  {
    name: "folded bias",
    rank: 3,
    args: {
      betas: "array",
      weight: "array",
      mean: "array",
      branches: "integer",
      size: "integer",
      outPerGroup: "integer",
    },
  },
  `${GROUP}
  let total = 0;
  for (let b = 0; b < branches; b++) {
    total += betas[0][b][this.thread.x];
  }
  for (let i = 0; i < size; i++) {
    total -= weight[0][i][this.thread.x] * mean[0][group][i];
  }
  return total;`,
);
const centredGradKernel = defineKernel(
  {
    name: "gradient over centred patches",
    rank: 3,
    args: { dweight: "array", dbias: "array", mean: "array", outPerGroup: "integer" },
  },
  `${GROUP}
  return dweight[0][this.thread.y][this.thread.x] - mean[0][group][this.thread.y] * dbias[this.thread.x];`,
);
const gammaGradKernel = defineKernel(
  {
    name: "dgamma of a branch",
    rank: 3,
    args: { kernels: "array", gradient: "array", variances: "array", size: "integer", eps: "float" },
  },
  `let total = 0;
  for (let i = 0; i < size; i++) {
    total += kernels[this.thread.y][i][this.thread.x] * gradient[0][i][this.thread.x];
  }
  return total / sqrtOf(variances[0][this.thread.y][this.thread.x] + eps);`,
);
const kernelGradKernel = defineKernel(
  {
    name: "dkernel of a branch",
    rank: 3,
    args: {
      gradient: "array",
      dgammas: "array",
      variances: "array",
      projections: "array",
      gamma: "array",
      branch: "integer",
      first: "integer",
      eps: "float",
    },
  },
  `const sigma = sqrtOf(variances[0][branch][this.thread.x] + eps);
  return gamma[this.thread.x] / sigma * (gradient[0][first + this.thread.y][this.thread.x]
    - dgammas[0][branch][this.thread.x] / sigma * projections[branch][first + this.thread.y][this.thread.x]);`,
);
/**
 * The same for short kernels: ((σ² − Σ_j w_j P_j) G_i + Σ_j w_j (P_j G_i − P_i G_j)) γ/σ³. The first bracket is eps up to
 * rounding. The direct formula subtracts two nearly equal numbers; for a branch of one tap, whose scale batch norm takes
 * out again, nothing else is left. Here the sum is rounded as the variance was, so that both cancel.
 */
const shortKernelGradKernel = defineKernel(
  {
    name: "dkernel of a branch, short",
    rank: 3,
    args: {
      gradient: "array",
      kernels: "array",
      variances: "array",
      projections: "array",
      gamma: "array",
      branch: "integer",
      first: "integer",
      size: "integer",
      eps: "float",
    },
  },
  `const variance = variances[0][branch][this.thread.x];
  const g = gradient[0][first + this.thread.y][this.thread.x];
  const p = projections[branch][first + this.thread.y][this.thread.x];
  let projected = 0;
  for (let i = 0; i < size; i++) {
    projected += kernels[branch][first + i][this.thread.x] * projections[branch][first + i][this.thread.x];
  }
  let total = (variance - Math.fround(projected) + eps) * g;
  for (let j = 0; j < size; j++) {
    if (j !== this.thread.y) {
      total += kernels[branch][first + j][this.thread.x]
        * (projections[branch][first + j][this.thread.x] * g - p * gradient[0][first + j][this.thread.x]);
    }
  }
  return total * gamma[this.thread.x] / ((variance + eps) * sqrtOf(variance + eps));`,
);
/** Longest kernel of one output channel that is worth its square. */
const SHORT = 32;
const meanGradKernel = defineKernel(
  { name: "dmean", rank: 3, args: { weight: "array", dbias: "array", outPerGroup: "integer" } },
  `let total = 0;
  for (let o = 0; o < outPerGroup; o++) {
    total -= weight[0][this.thread.x][this.thread.y * outPerGroup + o] * dbias[this.thread.y * outPerGroup + o];
  }
  return total;`,
);
/** Kernels, each channel times the gradient of its variance: −½ γ·dγ/σ². */
const varianceGradKernel = defineKernel(
  {
    name: "kernels · dvariance",
    rank: 3,
    args: { kernels: "array", gammas: "array", dgammas: "array", variances: "array", eps: "float" },
  },
  `return -0.5 * kernels[this.thread.z][this.thread.y][this.thread.x] * gammas[0][this.thread.z][this.thread.x]
    * dgammas[0][this.thread.z][this.thread.x] / (variances[0][this.thread.z][this.thread.x] + eps);`,
);
/** [group][i][j] = Σ over branches and the group's channels. */
const covarianceGradKernel = defineKernel(
  {
    name: "dcovariance",
    rank: 3,
    args: { scaled: "array", kernels: "array", branches: "integer", outPerGroup: "integer" },
  },
  `const from = this.thread.z * outPerGroup;
  let total = 0;
  for (let b = 0; b < branches; b++) {
    for (let o = 0; o < outPerGroup; o++) {
      total += scaled[b][this.thread.y][from + o] * kernels[b][this.thread.x][from + o];
    }
  }
  return total;`,
);

const foldBranches: Lowering<"foldBranches"> = (inputs, attrs, outputs, plan) => {
  const [mu, covariance, ...rest] = inputs as readonly BufferOperand[] as readonly [
    BufferOperand,
    BufferOperand,
    ...BufferOperand[],
  ];
  const [weight, bias, means, variances, projections] = outputs;
  const { groups, eps } = attrs;
  const { k, cOut, branches, outPerGroup, kernels, kernelsView, gammas, betas } = layOut(
    rest,
    mu.shape[1]!,
    attrs,
    plan,
  );
  const mean = viewOf(mu.place, 1, groups, k);
  if (groups === 1) {
    const strides = { batch: branches, strideA: 0, strideB: branches > 1 ? 1 : 0 } as const;
    const places = { a: covariance.place, b: kernels, y: projections.place };
    multiply(product({ ...places, m: k, n: cOut, k, ...strides }), plan);
  } else {
    const matrices = viewOf(covariance.place, groups, k, k);
    const args = { covariance: matrices, kernels: kernelsView, size: k, outPerGroup };
    plan.call(projectionKernel, projections.place, [cOut, k, branches], args);
  }
  const meanArgs = { mean, kernels: kernelsView, size: k, outPerGroup };
  plan.call(branchMeanKernel, means.place, [cOut, branches, 1], meanArgs);
  const projected = viewOf(projections.place, branches, k, cOut);
  const varianceArgs = { kernels: kernelsView, projections: projected, size: k };
  plan.call(branchVarianceKernel, variances.place, [cOut, branches, 1], varianceArgs);
  const spread = viewOf(variances.place, 1, branches, cOut);
  const weightArgs = { kernels: kernelsView, gammas, variances: spread, branches, eps };
  plan.call(weightKernel, weight.place, [cOut, k, 1], weightArgs);
  const folded = viewOf(weight.place, 1, k, cOut);
  const biasArgs = { betas: betas(), weight: folded, mean, branches, size: k, outPerGroup };
  plan.call(biasKernel, bias.place, [cOut, 1, 1], biasArgs);
};

const foldBranchesGrad: Lowering<"foldBranchesGrad"> = (inputs, attrs, outputs, plan) => {
  const [dweight, dbias, mu, variances, projections, ...rest] = inputs as readonly BufferOperand[] as readonly [
    BufferOperand,
    BufferOperand,
    BufferOperand,
    BufferOperand,
    BufferOperand,
    ...BufferOperand[],
  ];
  const [dgammas, ...dkernels] = outputs as readonly BufferOperand[] as readonly [BufferOperand, ...BufferOperand[]];
  const { groups, eps, hasIdentity } = attrs;
  const { k, cOut, branches, outPerGroup, kernelsView, gammaOperands, reach } = layOut(rest, mu.shape[1]!, attrs, plan);
  const gradient = plan.scratch(k * cOut);
  plan.call(centredGradKernel, gradient, [cOut, k, 1], {
    dweight: viewOf(dweight.place, 1, k, cOut),
    dbias: flat(dbias.place),
    mean: viewOf(mu.place, 1, groups, k),
    outPerGroup,
  });
  const centred = viewOf(gradient, 1, k, cOut);
  const spread = viewOf(variances.place, 1, branches, cOut);
  const gammaArgs = { kernels: kernelsView, gradient: centred, variances: spread, size: k, eps };
  plan.call(gammaGradKernel, dgammas.place, [cOut, branches, 1], gammaArgs);
  dkernels.forEach((dkernel, i) => {
    const branch = i + Number(hasIdentity);
    const { first, size } = reach[branch]!;
    const projected = viewOf(projections.place, branches, k, cOut);
    const gamma = flat(gammaOperands[branch]!.place);
    const dims = [cOut, size, 1] as const;
    const args = { gradient: centred, variances: spread, projections: projected, gamma, branch, first, eps };
    if (size <= SHORT) plan.call(shortKernelGradKernel, dkernel.place, dims, { ...args, kernels: kernelsView, size });
    else {
      const all = viewOf(dgammas.place, 1, branches, cOut);
      plan.call(kernelGradKernel, dkernel.place, dims, { ...args, dgammas: all });
    }
  });
};

const foldMomentsGrad: Lowering<"foldMomentsGrad"> = (inputs, attrs, [dmean, dcovariance], plan) => {
  const [dgammas, dbias, weight, variances, ...rest] = inputs as readonly BufferOperand[] as readonly [
    BufferOperand,
    BufferOperand,
    BufferOperand,
    BufferOperand,
    ...BufferOperand[],
  ];
  const { groups, eps } = attrs;
  const { k, cOut, branches, outPerGroup, kernels, kernelsView, gammas } = layOut(rest, dmean.shape[1]!, attrs, plan);
  const weights = viewOf(weight.place, 1, k, cOut);
  const meanArgs = { weight: weights, dbias: flat(dbias.place), outPerGroup };
  plan.call(meanGradKernel, dmean.place, [k, groups, 1], meanArgs);
  const scaled = plan.scratch(branches * k * cOut);
  plan.call(varianceGradKernel, scaled, [cOut, k, branches], {
    kernels: kernelsView,
    gammas,
    dgammas: viewOf(dgammas.place, 1, branches, cOut),
    variances: viewOf(variances.place, 1, branches, cOut),
    eps,
  });
  if (groups > 1) {
    const args = { scaled: viewOf(scaled, branches, k, cOut), kernels: kernelsView, branches, outPerGroup };
    plan.call(covarianceGradKernel, dcovariance.place, [k, k, groups], args);
    return;
  }
  const squares = plan.scratch(branches * k * k);
  const strides = { batch: branches, strideA: branches > 1 ? 1 : 0, strideB: branches > 1 ? 1 : 0 } as const;
  multiply(product({ a: scaled, b: kernels, y: squares, m: k, n: k, k: cOut, transposeB: true, ...strides }), plan);
  sumRun(squares, { outer: 1, count: branches, inner: k * k }, dcovariance.place, plan);
};

export const folds = { foldBranches, foldBranchesGrad, foldMomentsGrad };

export const foldKernels: readonly GpuKernel[] = [
  ...branchKernels,
  projectionKernel,
  branchMeanKernel,
  branchVarianceKernel,
  weightKernel,
  biasKernel,
  centredGradKernel,
  gammaGradKernel,
  kernelGradKernel,
  shortKernelGradKernel,
  meanGradKernel,
  varianceGradKernel,
  covarianceGradKernel,
];
