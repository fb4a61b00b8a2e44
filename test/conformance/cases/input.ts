/**
 * What a case is, and what the numbers of its inputs look like.
 */
import type { DType } from "../../../src/tensor/dtype.js";
import type { Shape } from "../../../src/tensor/shape.js";

/** What the numbers of an input look like. */
export type Fill =
  /** Standard normal. */
  | "normal"
  /** In [0.5, 2): for logs, roots, divisors, variances. */
  | "positive"
  /** Distinct and apart: for maxima and comparisons, whose gradients jump at ties. */
  | "distinct"
  /** 0 or 1. */
  | "mask"
  /** Any number of the dtype: all magnitudes alike, denormals, zeros, infinities and NaN among them; the ends of integers. */
  | "tails"
  /** Normal, around a mean of a hundred standard deviations. */
  | "far"
  /** [..., k, k]: symmetric and positive definite. */
  | "covariance"
  /** Indices 0 … limit − 1. */
  | { readonly indicesBelow: number }
  /** These numbers; they are constants, which have no gradient. */
  | { readonly values: readonly number[] };

export interface Input {
  readonly shape: Shape;
  readonly fill: Fill;
  /** Where an op wants one dtype whatever the others have. */
  readonly dtype?: DType;
}

export interface Case<A> {
  readonly inputs: readonly Input[];
  readonly attrs: A;
  /** Too large for element-by-element central differences. */
  readonly isLarge?: boolean;
}

export const dtypeOfInput = ({ fill, dtype }: Input, float: DType): DType =>
  dtype ?? (typeof fill === "object" && "indicesBelow" in fill ? "int32" : float);

export const input = (shape: Shape, fill: Fill = "normal"): Input => ({ shape, fill });

/** Sizes around the vector width, a scalar, and one large enough for several tasks. */
export const vectorShapes: readonly Shape[] = [[], [1], [3], [4], [5, 7], [2, 3, 4, 5]];

export const largeShape: Shape = [33, 1025];

export const double = (shape: Shape, fill: Fill = "normal"): Input => ({ shape, fill, dtype: "float64" });

export const eps = { eps: 1e-5 };
