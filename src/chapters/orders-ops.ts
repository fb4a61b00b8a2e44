/**
 * The ops of running sums and sorting. The door to them is all that this file exports, so that the functions which need it bring the ops along.
 */
import { orderGradients } from "../autograd/gradients/orders.js";
import * as reference from "../backends/reference/chapters.js";
import { orderInt64 } from "../backends/reference/int64-chapters.js";
import { orderKernels } from "../backends/wasm/kernels/reduce/orders.js";
import { orderDTypes } from "../ops/chapter-dtypes.js";
import { orderShapes } from "../ops/shapes/orders.js";
import type { OrderOps } from "../ops/spec/orders.js";
import { install } from "./install.js";

export const apply = install<keyof OrderOps>({
  shapes: orderShapes,
  dtypes: orderDTypes,
  gradients: orderGradients,
  reference: reference.orderKernels,
  int64: orderInt64,
  wasm: orderKernels,
});
