/**
 * What a convolution with bias and activation in one pass wants beside itself: the gradient behind both. The door to them is all that this file
 * exports, so that the functions which need it bring the ops along.
 */
import * as reference from "../backends/reference/chapters.js";
import { biasReluGrad } from "../backends/wasm/kernels/bias-relu-grad.js";
import { epilogueShapes } from "../ops/shapes/epilogue.js";
import type { EpilogueOps } from "../ops/spec/epilogue.js";
import { install } from "./install.js";

export const apply = install<keyof EpilogueOps, "conv2dBias">({
  shapes: epilogueShapes,
  dtypes: {},
  gradients: { biasReluGrad: null },
  reference: reference.epilogueKernels,
  wasm: { biasReluGrad },
});
