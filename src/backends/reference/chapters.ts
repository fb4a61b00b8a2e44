/**
 * The definitions of ops that only some programs need, by chapter: src/chapters installs them.
 */
import type { CurveOps } from "../../ops/spec/curves.js";
import type { EpilogueOps } from "../../ops/spec/epilogue.js";
import type { FoldOps } from "../../ops/spec/folds.js";
import type { IndexingOps } from "../../ops/spec/indexing.js";
import type { NormPassOps } from "../../ops/spec/norm-passes.js";
import type { NormalisationOps } from "../../ops/spec/normalisation.js";
import type { OrderOps } from "../../ops/spec/orders.js";
import type { PoolingOps } from "../../ops/spec/pooling.js";
import type { ResizeOps } from "../../ops/spec/resize.js";
import type { ArrayKernels } from "../kernel-table.js";
import * as norm from "./batch-norm.js";
import { activationKernels, functionKernels } from "./curves.js";
import { divisionKernels } from "./divisions.js";
import { biasReluGrad } from "./elementwise.js";
import * as fold from "./fold-branches.js";
import { foldedInputGrad } from "./folded-input-grad.js";
import * as indexing from "./indexing.js";
import * as rows from "./layer-norm.js";
import * as passes from "./norm-passes.js";
import * as moments from "./patch-moments.js";
import * as pool from "./pool.js";
import { resample } from "./resample.js";
import { argsort, cumsum } from "./scan.js";

export const poolingKernels: Pick<ArrayKernels, keyof PoolingOps> = {
  avgPool2d: pool.avgPool2d,
  avgPool2dGrad: pool.avgPool2dGrad,
  maxPool2d: pool.maxPool2d,
  maxPool2dGrad: pool.maxPool2dGrad,
  maxPool2dIndices: pool.maxPool2dIndices,
};

export const normalisationKernels: Pick<ArrayKernels, keyof NormalisationOps> = {
  batchNorm: norm.batchNorm,
  batchNormGrad: norm.batchNormGrad,
  batchNormEval: norm.batchNormEval,
  layerNorm: rows.layerNorm,
  layerNormGrad: rows.layerNormGrad,
};

export const normPassKernels: Pick<ArrayKernels, keyof NormPassOps> = passes;

export const foldKernels: Pick<ArrayKernels, keyof FoldOps> = {
  patchMoments: moments.patchMoments,
  patchMomentsGrad: moments.patchMomentsGrad,
  foldedInputGrad,
  foldBranches: fold.foldBranches,
  foldBranchesGrad: fold.foldBranchesGrad,
  foldMomentsGrad: fold.foldMomentsGrad,
};

export const resizeKernels: Pick<ArrayKernels, keyof ResizeOps> = { resample };

export const curveKernels: Pick<ArrayKernels, keyof CurveOps> = { ...functionKernels, ...activationKernels };

export const indexingKernels: Pick<ArrayKernels, keyof IndexingOps> = {
  gather: indexing.gather,
  scatterAdd: indexing.scatterAdd,
  takeAlongAxis: indexing.takeAlongAxis,
  takeAlongAxisGrad: indexing.takeAlongAxisGrad,
  scatter: indexing.scatter,
};

export const orderKernels: Pick<ArrayKernels, keyof OrderOps> = { argsort, cumsum };

export { divisionKernels };

export const epilogueKernels: Pick<ArrayKernels, keyof EpilogueOps> = { biasReluGrad };
