/**
 * The ops of normalisations. The door to them is all that this file exports, so that the functions which need it bring the ops along.
 */
import { normPassGradients } from "../autograd/gradients/norm-passes.js";
import { normalisationGradients } from "../autograd/gradients/normalisation.js";
import * as reference from "../backends/reference/chapters.js";
import { batchNormKernels } from "../backends/wasm/kernels/batch-norm/index.js";
import { normPassKernels } from "../backends/wasm/kernels/batch-norm/passes.js";
import { layerNormKernels } from "../backends/wasm/kernels/layer-norm.js";
import { normalisationDTypes, normPassDTypes } from "../ops/chapter-dtypes.js";
import { normPassShapes } from "../ops/shapes/norm-passes.js";
import { normalisationShapes } from "../ops/shapes/normalisation.js";
import type { NormPassOps } from "../ops/spec/norm-passes.js";
import type { NormalisationOps } from "../ops/spec/normalisation.js";
import { install } from "./install.js";

export const apply = install<keyof NormalisationOps | keyof NormPassOps>({
  shapes: { ...normalisationShapes, ...normPassShapes },
  dtypes: { ...normalisationDTypes, ...normPassDTypes },
  gradients: { ...normalisationGradients, ...normPassGradients },
  reference: { ...reference.normalisationKernels, ...reference.normPassKernels },
  wasm: { ...batchNormKernels, ...normPassKernels, ...layerNormKernels },
});
