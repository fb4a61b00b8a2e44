/**
 * The ops of resizing. The door to them is all that this file exports, so that the functions which need it bring the ops along.
 */
import { resizeGradients } from "../autograd/gradients/resize.js";
import * as reference from "../backends/reference/chapters.js";
import { resizeKernels } from "../backends/wasm/kernels/resample.js";
import { resizeDTypes } from "../ops/chapter-dtypes.js";
import { resizeShapes } from "../ops/shapes/resize.js";
import type { ResizeOps } from "../ops/spec/resize.js";
import { install } from "./install.js";

export const apply = install<keyof ResizeOps>({
  shapes: resizeShapes,
  dtypes: resizeDTypes,
  gradients: resizeGradients,
  reference: reference.resizeKernels,
  wasm: resizeKernels,
});
