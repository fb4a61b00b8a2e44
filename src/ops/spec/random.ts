/**
 * Random numbers; no inputs.
 */
import type { DType } from "../../tensor/dtype.js";
import type { Shape } from "../../tensor/shape.js";
import type { Numeric } from "../scalar.js";
import type { Spec } from "./kinds.js";

/** What is drawn, and from where: a stream of the counter-based generator, taken anew at each call. */
export interface RandomAttrs {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly seed: Numeric;
  readonly stream: Numeric;
}
export interface BernoulliAttrs extends RandomAttrs {
  /** Probability of 1. */
  readonly p: number;
}
export interface RandomOps {
  /** Uniform in [0, 1). */
  rand: Spec<[], RandomAttrs>;
  /** Standard normal. */
  randn: Spec<[], RandomAttrs>;
  /** 1 with probability p, else 0. */
  bernoulli: Spec<[], BernoulliAttrs>;
}
