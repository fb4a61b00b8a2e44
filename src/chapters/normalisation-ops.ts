/**
 * The ops of normalisations. The door to them is all that this file exports, so that the functions which need it bring the ops along.
 */
import { normalisationGradients } from "../autograd/gradients/normalisation.js";
import * as reference from "../backends/reference/chapters.js";
import { batchNormKernels } from "../backends/wasm/kernels/batch-norm/index.js";
import { layerNormKernels } from "../backends/wasm/kernels/layer-norm.js";
import { normalisationDTypes } from "../ops/chapter-dtypes.js";
import { normalisationShapes } from "../ops/shapes/normalisation.js";
import type { NormalisationOps } from "../ops/spec/normalisation.js";
import { install } from "./install.js";

export const apply = install<keyof NormalisationOps>({
  shapes: normalisationShapes,
  dtypes: normalisationDTypes,
  gradients: normalisationGradients,
  reference: reference.normalisationKernels,
  wasm: { ...batchNormKernels, ...layerNormKernels },
});
