/**
 * The ops of functions of one number and of activations. The door to them is all that this file exports, so that the functions which need it bring the ops along.
 */
import { curveGradients } from "../autograd/gradients/curves.js";
import * as reference from "../backends/reference/chapters.js";
import { curveKernels } from "../backends/wasm/kernels/curves.js";
import { curveDTypes } from "../ops/chapter-dtypes.js";
import { functionNames } from "../ops/curves.js";
import { curveShapes } from "../ops/shapes/curves.js";
import type { CurveOps } from "../ops/spec/curves.js";
import { install } from "./install.js";

export const apply = install<keyof CurveOps>({
  shapes: curveShapes,
  dtypes: curveDTypes,
  floatOps: functionNames,
  gradients: curveGradients,
  reference: reference.curveKernels,
  wasm: curveKernels,
});
