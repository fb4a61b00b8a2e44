/**
 * The ops of windows that slide over a picture. The door to them is all that this file exports, so that the functions which need it bring the ops along.
 */
import { poolingGradients } from "../autograd/gradients/pooling.js";
import * as reference from "../backends/reference/chapters.js";
import { poolKernels } from "../backends/wasm/kernels/pooling/index.js";
import { poolingDTypes } from "../ops/chapter-dtypes.js";
import { poolingShapes } from "../ops/shapes/pooling.js";
import type { PoolingOps } from "../ops/spec/pooling.js";
import { install } from "./install.js";

export const apply = install<keyof PoolingOps>({
  shapes: poolingShapes,
  dtypes: poolingDTypes,
  gradients: poolingGradients,
  reference: reference.poolingKernels,
  wasm: poolKernels,
});
