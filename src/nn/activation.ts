/**
 * Activations as layers, for Sequential; elsewhere the functions of ops/functional read better. One class per layer of torch.nn; numbers
 * are given as there, options by name.
 */
import * as A from "../chapters/activations.js";
import * as F from "../ops/functional/index.js";
import type { Tensor } from "../tensor/tensor.js";
import { Module } from "./module.js";
import { type FloatDType, persistent } from "./parameter.js";
import { showNumbers } from "./repr.js";

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

/** x · sigmoid(x), any shape. */
export class SiLU extends Module {
  forward(x: Tensor): Tensor {
    return A.silu(x);
  }
}

/** x · clamp(x + 3, 0, 6) / 6, any shape. */
export class Hardswish extends Module {
  forward(x: Tensor): Tensor {
    return A.hardswish(x);
  }
}

/** clamp(x + 3, 0, 6) / 6, any shape. */
export class Hardsigmoid extends Module {
  forward(x: Tensor): Tensor {
    return A.hardsigmoid(x);
  }
}

/** x · tanh(softplus(x)), any shape. */
export class Mish extends Module {
  forward(x: Tensor): Tensor {
    return A.mish(x);
  }
}

/** elu with the factors of self-normalising networks, any shape. */
export class SELU extends Module {
  forward(x: Tensor): Tensor {
    return A.selu(x);
  }
}

/** x limited to [0, 6], any shape; the gradient at 0 and 6 is 0. */
export class ReLU6 extends Module {
  forward(x: Tensor): Tensor {
    return A.relu6(x);
  }
}

/** The hyperbolic tangent, any shape. */
export class Tanh extends Module {
  forward(x: Tensor): Tensor {
    return F.tanh(x);
  }
}

/** log(sigmoid(x)), any shape. */
export class LogSigmoid extends Module {
  forward(x: Tensor): Tensor {
    return A.logSigmoid(x);
  }
}

/** x / (1 + |x|), any shape. */
export class Softsign extends Module {
  forward(x: Tensor): Tensor {
    return A.softsign(x);
  }
}

/** x − tanh(x), any shape. */
export class Tanhshrink extends Module {
  forward(x: Tensor): Tensor {
    return A.tanhshrink(x);
  }
}

/** x where x > 0, else negativeSlope · x, any shape. */
export class LeakyReLU extends Module {
  constructor(readonly negativeSlope = 0.01) {
    super();
  }
  forward(x: Tensor): Tensor {
    return A.leakyRelu(x, this.negativeSlope);
  }
  override extraRepr(): string {
    return showNumbers({ negativeSlope: this.negativeSlope });
  }
}

/** x where x > 0, else alpha · (exp(x) − 1), any shape. */
export class ELU extends Module {
  constructor(readonly alpha = 1) {
    super();
  }
  forward(x: Tensor): Tensor {
    return A.elu(x, this.alpha);
  }
  override extraRepr(): string {
    return showNumbers({ alpha: this.alpha });
  }
}

/** x where x > 0, else alpha · (exp(x / alpha) − 1), any shape. */
export class CELU extends Module {
  constructor(readonly alpha = 1) {
    super();
  }
  forward(x: Tensor): Tensor {
    return A.celu(x, this.alpha);
  }
  override extraRepr(): string {
    return showNumbers({ alpha: this.alpha });
  }
}

/** 0 where |x| <= lambd, else x, any shape. */
export class Hardshrink extends Module {
  constructor(readonly lambd = 0.5) {
    super();
  }
  forward(x: Tensor): Tensor {
    return A.hardshrink(x, this.lambd);
  }
  override extraRepr(): string {
    return showNumbers({ lambd: this.lambd });
  }
}

/** x moved towards 0 by lambd, 0 where |x| <= lambd, any shape. */
export class Softshrink extends Module {
  constructor(readonly lambd = 0.5) {
    super();
  }
  forward(x: Tensor): Tensor {
    return A.softshrink(x, this.lambd);
  }
  override extraRepr(): string {
    return showNumbers({ lambd: this.lambd });
  }
}

/** Shares that sum to 1 along one axis, the last by default: channels, in NHWC. */
export class Softmax extends Module {
  constructor(readonly axis = -1) {
    super();
  }
  forward(x: Tensor): Tensor {
    return F.softmax(x, this.axis);
  }
  override extraRepr(): string {
    return showNumbers({ axis: this.axis });
  }
}

/** The logarithms of softmax along one axis, the last by default: channels, in NHWC. */
export class LogSoftmax extends Module {
  constructor(readonly axis = -1) {
    super();
  }
  forward(x: Tensor): Tensor {
    return F.logSoftmax(x, this.axis);
  }
  override extraRepr(): string {
    return showNumbers({ axis: this.axis });
  }
}

/**
 * x times the share of the normal distribution below x, any shape; `approximate: "tanh"` as in GPT-2.
 *
 * @example
 * ```ts
 * const layers = new nn.Sequential(new nn.Linear(8, 32), new nn.GELU());
 * ```
 */
export class GELU extends Module {
  constructor(readonly options: A.GeluOptions = {}) {
    super();
  }
  forward(x: Tensor): Tensor {
    return A.gelu(x, this.options);
  }
  override extraRepr(): string {
    return showNumbers(this.options);
  }
}

/** log(1 + exp(beta · x)) / beta, any shape, and x itself where beta · x is above `threshold`. */
export class Softplus extends Module {
  constructor(readonly options: A.SoftplusOptions = {}) {
    super();
  }
  forward(x: Tensor): Tensor {
    return A.softplus(x, this.options);
  }
  override extraRepr(): string {
    return showNumbers(this.options);
  }
}

/** x limited to [low, high] (torch: minVal, maxVal), any shape; the gradient at the bounds is 0. */
export class Hardtanh extends Module {
  constructor(
    readonly low = -1,
    readonly high = 1,
  ) {
    super();
  }
  forward(x: Tensor): Tensor {
    return A.hardtanh(x, this.low, this.high);
  }
  override extraRepr(): string {
    return showNumbers({ low: this.low, high: this.high });
  }
}

/** The start of the slopes below 0, and the dtype. */
export interface PReLUOptions {
  /** Default 0.25. */
  readonly init?: number;
  readonly dtype?: FloatDType;
}

/**
 * x where x > 0, else weight · x (He et al. 2015), with one slope, or one per channel: [..., C] and weight [numParameters]. Forward
 * throws ShapeError where the number of channels is another.
 */
export class PReLU extends Module {
  readonly weight: Tensor;

  constructor(numParameters = 1, { init = 0.25, dtype = "float32" }: PReLUOptions = {}) {
    super();
    this.weight = this.parameter("weight", "other", persistent([numParameters], dtype, init));
  }
  forward(x: Tensor): Tensor {
    return A.prelu(x, this.weight);
  }
  override extraRepr(): string {
    return showNumbers({ numParameters: this.weight.size });
  }
}
