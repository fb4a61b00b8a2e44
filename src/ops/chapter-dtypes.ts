/**
 * The output dtypes of ops that only some programs need, by chapter, where they are not those of all inputs: src/chapters installs them.
 */
import { type DType, isFloat } from "../tensor/dtype.js";
import { DTypeError } from "../util/errors.js";
import { curveRows } from "./curves.js";
import { alike, type DTypeRule, expectInt32, expectNumbers, floatsOnly } from "./dtypes.js";
import type { CurveOps } from "./spec/curves.js";
import type { DivisionOps } from "./spec/divisions.js";
import type { FoldOps } from "./spec/folds.js";
import type { OpName } from "./spec/index.js";
import type { IndexingOps } from "./spec/indexing.js";
import type { NormPassOps } from "./spec/norm-passes.js";
import type { NormalisationOps } from "./spec/normalisation.js";
import type { OrderOps } from "./spec/orders.js";
import type { PoolingOps } from "./spec/pooling.js";
import type { ResizeOps } from "./spec/resize.js";

type Rules<Ops> = { readonly [K in keyof Ops & OpName]?: DTypeRule<K> };

function expectMoments(dtype: DType | undefined): void {
  if (dtype !== "float64") throw new DTypeError(`moments are ${dtype}, expected float64, as patchMoments gives them`);
}

export const curveDTypes: Rules<CurveOps> = curveRows<DTypeRule<keyof CurveOps>>(floatsOnly, floatsOnly, (name) =>
  floatsOnly(`${name}Grad`),
);

export const divisionDTypes: Rules<DivisionOps> = {
  atan2: floatsOnly("atan2"),
  // shifts of bool are refused, as in PyTorch
  bitwise: (dtypes, { operation }) => {
    const dtype = alike("bitwise", dtypes);
    const isShift = operation === "leftShift" || operation === "rightShift";
    if (isFloat(dtype) || (isShift && dtype === "bool"))
      throw new DTypeError(
        `bitwise ${operation}: operands are ${dtype}, expected integers${isShift ? "" : " or bool"}`,
        'cast them first: x.cast("int32")',
      );
    return dtype;
  },
};

export const indexingDTypes: Rules<IndexingOps> = {
  gather: ([table, indices]) => {
    expectInt32(indices, "gather");
    return table!;
  },
  scatterAdd: ([dy, indices]) => {
    expectInt32(indices, "scatterAdd");
    expectNumbers("scatterAdd", dy!);
    return dy!;
  },
  takeAlongAxis: ([x, indices]) => {
    expectInt32(indices, "takeAlongAxis");
    return x!;
  },
  takeAlongAxisGrad: ([dy, indices]) => {
    expectInt32(indices, "takeAlongAxisGrad");
    expectNumbers("takeAlongAxisGrad", dy!);
    return dy!;
  },
  scatter: ([x, indices, src]) => {
    expectInt32(indices, "scatter");
    return alike("scatter", [x!, src!]);
  },
};

export const orderDTypes: Rules<OrderOps> = {
  cumsum: ([x]) => (isFloat(x!) ? x! : "int64"),
  argsort: () => "int32",
};

export const poolingDTypes: Rules<PoolingOps> = {
  avgPool2d: floatsOnly("avgPool2d"),
  avgPool2dGrad: floatsOnly("avgPool2dGrad"),
  maxPool2dIndices: ([x]) => {
    expectNumbers("maxPool2dIndices", x!);
    return "int32";
  },
};

export const normalisationDTypes: Rules<NormalisationOps> = {
  batchNorm: floatsOnly("batchNorm"),
  batchNormGrad: floatsOnly("batchNormGrad"),
  batchNormEval: floatsOnly("batchNormEval"),
  layerNorm: floatsOnly("layerNorm"),
  layerNormGrad: floatsOnly("layerNormGrad"),
};

export const normPassDTypes: Rules<NormPassOps> = {
  batchNormStatistics: floatsOnly("batchNormStatistics"),
  conv2dStatistics: floatsOnly("conv2dStatistics"),
  batchNormSum: floatsOnly("batchNormSum"),
  batchNormGradSums: floatsOnly("batchNormGradSums"),
  batchNormInputGrad: floatsOnly("batchNormInputGrad"),
  normedInputGrad: floatsOnly("normedInputGrad"),
};

export const foldsDTypes: Rules<FoldOps> = {
  patchMoments: (dtypes) => {
    floatsOnly("patchMoments")(dtypes);
    return "float64";
  },
  patchMomentsGrad: ([x, ...moments]) => {
    moments.forEach(expectMoments);
    return floatsOnly("patchMomentsGrad")([x!]);
  },
  foldedInputGrad: ([dy, w, x, ...moments]) => {
    moments.forEach(expectMoments);
    return floatsOnly("foldedInputGrad")([dy!, w!, x!]);
  },
  foldBranches: ([mean, covariance, ...branches]) => {
    expectMoments(mean);
    expectMoments(covariance);
    return floatsOnly("foldBranches")(branches);
  },
  foldBranchesGrad: ([dweight, dbias, mean, ...others]) => {
    expectMoments(mean);
    return floatsOnly("foldBranchesGrad")([dweight!, dbias!, ...others]);
  },
  foldMomentsGrad: (dtypes) => {
    floatsOnly("foldMomentsGrad")(dtypes);
    return "float64";
  },
};

export const resizeDTypes: Rules<ResizeOps> = {
  resample: ([x, starts, weights, backStarts, backWeights]) => {
    expectInt32(starts, "resample");
    expectInt32(backStarts, "resample");
    return floatsOnly("resample")([x!, weights!, backWeights!]);
  },
};
