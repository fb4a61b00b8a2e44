/**
 * Activations as layers, for Sequential; elsewhere the functions of ops/functional read better.
 */
import * as F from "../ops/functional/index.js";
import type { Tensor } from "../tensor/tensor.js";
import { Module } from "./module.js";

/**
 * max(x, 0), any shape.
 *
 * @example
 * ```ts
 * console.log(new nn.ReLU().forward(tensor([-1, 2])).toArray()); // [0, 2]
 * ```
 */
export class ReLU extends Module {
  forward(x: Tensor): Tensor {
    return F.relu(x);
  }
}

/** 1 / (1 + exp(−x)), any shape. */
export class Sigmoid extends Module {
  forward(x: Tensor): Tensor {
    return F.sigmoid(x);
  }
}
