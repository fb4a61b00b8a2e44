/**
 * The ops of angles, rests of divisions and bits. The door to them is all that this file exports, so that the functions which need it bring the ops along.
 */
import { divisionGradients } from "../autograd/gradients/divisions.js";
import * as reference from "../backends/reference/chapters.js";
import { divisionInt64 } from "../backends/reference/int64-chapters.js";
import { divisionDTypes } from "../ops/chapter-dtypes.js";
import { divisionShapes } from "../ops/shapes/divisions.js";
import type { DivisionOps } from "../ops/spec/divisions.js";
import { install } from "./install.js";

export const apply = install<keyof DivisionOps>({
  shapes: divisionShapes,
  dtypes: divisionDTypes,
  floatOps: ["atan2"],
  gradients: divisionGradients,
  reference: reference.divisionKernels,
  int64: divisionInt64,
  wasm: {},
});
