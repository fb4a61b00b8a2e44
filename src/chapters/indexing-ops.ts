/**
 * The ops that read and write numbers at indices. The door to them is all that this file exports, so that the functions which need it bring the ops along.
 */
import { indexingGradients } from "../autograd/gradients/indexing.js";
import * as reference from "../backends/reference/chapters.js";
import { alongKernels } from "../backends/wasm/kernels/move/along.js";
import { rowKernels } from "../backends/wasm/kernels/move/rows.js";
import { indexingDTypes } from "../ops/chapter-dtypes.js";
import { indexingShapes } from "../ops/shapes/indexing.js";
import type { IndexingOps } from "../ops/spec/indexing.js";
import { install } from "./install.js";

export const apply = install<keyof IndexingOps>({
  shapes: indexingShapes,
  dtypes: indexingDTypes,
  gradients: indexingGradients,
  reference: reference.indexingKernels,
  wasm: { ...alongKernels, ...rowKernels },
});
