/**
 * The definitions of ops that only some programs need, by chapter: src/chapters installs them.
 */
import type { FoldOps } from "../../ops/spec/folds.js";
import type { NormalisationOps } from "../../ops/spec/normalisation.js";
import type { PoolingOps } from "../../ops/spec/pooling.js";
import type { ResizeOps } from "../../ops/spec/resize.js";
import type { ArrayKernels } from "../kernel-table.js";
import * as norm from "./batch-norm.js";
import * as fold from "./fold-branches.js";
import * as rows from "./layer-norm.js";
import * as moments from "./patch-moments.js";
import * as pool from "./pool.js";
import { resample } from "./resample.js";

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

export const foldKernels: Pick<ArrayKernels, keyof FoldOps> = {
  patchMoments: moments.patchMoments,
  patchMomentsGrad: moments.patchMomentsGrad,
  foldBranches: fold.foldBranches,
  foldBranchesGrad: fold.foldBranchesGrad,
  foldMomentsGrad: fold.foldMomentsGrad,
};

export const resizeKernels: Pick<ArrayKernels, keyof ResizeOps> = { resample };
