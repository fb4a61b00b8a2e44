/**
 * The ops of folded training: moments of patches, folds and their gradients. The door to them is all that this file exports, so that the functions which need it bring the ops along.
 */
import { foldsGradients } from "../autograd/gradients/folds.js";
import * as reference from "../backends/reference/chapters.js";
import { foldKernels } from "../backends/wasm/kernels/fold/index.js";
import { momentKernels } from "../backends/wasm/kernels/moments/index.js";
import { foldsDTypes } from "../ops/chapter-dtypes.js";
import { foldsShapes } from "../ops/shapes/folds.js";
import type { FoldOps } from "../ops/spec/folds.js";
import { install } from "./install.js";

export const apply = install<keyof FoldOps>({
  shapes: foldsShapes,
  dtypes: foldsDTypes,
  gradients: foldsGradients,
  reference: reference.foldKernels,
  wasm: { ...momentKernels, ...foldKernels },
});
