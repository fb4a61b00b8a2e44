/**
 * What a backend's kernels look like when they work on typed arrays: the reference does, and other backends fall back to it.
 */

import type { Resolved } from "../ops/scalar.js";
import type { Attrs, OpName, PerInput, PerOperand, PerOutput, UpdateAttrs, UpdateName } from "../ops/spec/index.js";
import type { DType, TypedArray } from "../tensor/dtype.js";
import type { Shape } from "../tensor/shape.js";

/** A contiguous tensor as numbers: data holds exactly the elements of shape, row-major. */
export interface ArrayView {
  readonly data: TypedArray;
  readonly shape: Shape;
  readonly dtype: DType;
}

export type ArrayKernel<K extends OpName> = (
  inputs: PerInput<K, ArrayView>,
  attrs: Attrs<K>,
  outputs: PerOutput<K, ArrayView>,
) => void;

export type ArrayKernels = { readonly [K in OpName]: ArrayKernel<K> };

export type ArrayUpdates = {
  readonly [K in UpdateName]: (operands: PerOperand<K, ArrayView>, attrs: Resolved<UpdateAttrs<K>>) => void;
};
