/**
 * Random tensors, as functions.
 */
import { type CreateOptions, tensor } from "../../tensor/create.js";
import { newArray } from "../../tensor/dtype.js";
import { Random } from "../../tensor/random.js";
import { scope } from "../../tensor/scope.js";
import { checkShape, type Shape, sizeOf } from "../../tensor/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import { ShapeError } from "../../util/errors.js";
import { apply } from "../apply.js";
import { inferDType } from "../dtypes.js";
import { nextStream, type RandomOp, randomOps } from "../random.js";
import type { Attrs } from "../spec/index.js";
import { mul } from "./elementwise.js";

/** The dtype of random values, and where they come from. */
export interface RandomOptions extends CreateOptions {
  /** A number starts a fresh generator, a Random is continued. Default: the one generator, which manualSeed() resets. */
  readonly seed?: number | Random;
}

function random<K extends RandomOp>(op: K, shape: Shape, extra: object, options: RandomOptions): Tensor {
  const { seed, dtype = "float32", requiresGrad = false } = options;
  checkShape(shape, op);
  // here too, for draws from a Random
  inferDType(op, [], { dtype } as Attrs<K>);
  let y: Tensor;
  if (seed instanceof Random) {
    const values = newArray(dtype, sizeOf(shape));
    for (let i = 0; i < values.length; i++) values[i] = randomOps[op](seed, extra as never);
    y = tensor(values, shape);
  } else {
    const attrs = { shape: [...shape], dtype, ...nextStream(seed), ...extra } as unknown as Attrs<K>;
    y = apply(op, [], attrs)[0] as Tensor;
  }
  if (requiresGrad) y.requiresGrad = true;
  return y;
}

/**
 * Uniform values in [0, 1), as `shape`.
 *
 * @example
 * ```ts
 * console.log(rand([2, 3], { seed: 1 }).shape); // [2, 3]
 * ```
 */
export const rand = (shape: Shape, options: RandomOptions = {}): Tensor => random("rand", shape, {}, options);

/**
 * Standard normal values, as `shape`.
 *
 * @example
 * ```ts
 * console.log(randn([2, 3], { seed: 1 }).shape); // [2, 3]
 * ```
 */
export const randn = (shape: Shape, options: RandomOptions = {}): Tensor => random("randn", shape, {}, options);

/** 1 with probability p, else 0, as `shape`. Throws ShapeError for a p outside 0 … 1. */
export function bernoulli(shape: Shape, p: number, options: RandomOptions = {}): Tensor {
  if (!(p >= 0 && p <= 1)) throw new ShapeError(`bernoulli: p is ${p}, expected 0 to 1`);
  return random("bernoulli", shape, { p }, options);
}

/**
 * Uniform values in [0, 1) in the shape and dtype of x (torch.rand_like). Throws DTypeError for an integer dtype.
 *
 * @example
 * ```ts
 * console.log(randLike(zeros([2, 3])).shape); // [2, 3]
 * ```
 */
export const randLike = (x: Tensor, options: RandomOptions = {}): Tensor =>
  rand(x.shape, { dtype: x.dtype, ...options });

/**
 * Standard normal values in the shape and dtype of x (torch.randn_like). Throws DTypeError for an integer dtype.
 *
 * @example
 * ```ts
 * console.log(randnLike(zeros([2, 3])).shape); // [2, 3]
 * ```
 */
export const randnLike = (x: Tensor, options: RandomOptions = {}): Tensor =>
  randn(x.shape, { dtype: x.dtype, ...options });

/**
 * x with each element 0 with probability p and the others divided by 1 − p, drawn anew at each call; x where `training` is false
 * (torch.nn.functional.dropout). Throws ShapeError for a p outside 0 … 1.
 *
 * @example
 * ```ts
 * console.log(dropout(ones([3]), 0.5, false).toArray()); // [1, 1, 1]
 * ```
 */
export function dropout(x: Tensor, p = 0.5, training = true): Tensor {
  if (!(p >= 0 && p <= 1)) throw new ShapeError(`dropout: p is ${p}, expected 0 to 1`);
  if (!training || p === 0) return x;
  return scope(() => {
    const kept = bernoulli(x.shape, 1 - p, { dtype: x.dtype });
    // of p = 1 nothing is left to be scaled
    return mul(x, p === 1 ? kept : mul(kept, 1 / (1 - p)));
  });
}
