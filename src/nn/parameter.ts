/**
 * A parameter: a tensor that is learned, and the role it plays. The role is the one tag from which a file's layout (io),
 * the weight-decay group (optim) and the initial values (init) follow; names decide none of them.
 */
import { allocate } from "../tensor/create.js";
import { newArray, type TypedArray } from "../tensor/dtype.js";
import { type Shape, sizeOf } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";

/** convWeight [KH, KW, Cin/groups, Cout], linearWeight [in, out]; the others are vectors [C]. */
export type ParameterRole = "convWeight" | "linearWeight" | "bias" | "normScale" | "normShift";

/** A learned tensor and the role it plays. */
export interface Parameter {
  readonly tensor: Tensor;
  readonly role: ParameterRole;
  /** Inputs that one output of its layer sums; absent where the layer sums none. */
  readonly fanIn?: number;
}

/** What layers can be made of; float64 has few kernels outside the reference backend, and runs on its slow ones there. */
export type FloatDType = "float32" | "float64";

/** Options that every layer with parameters takes. */
export interface LayerOptions {
  readonly dtype?: FloatDType;
  /** "zeros" is for a model that initialises or loads all its parameters at once. Default "random": see init.ts. */
  readonly init?: "random" | "zeros";
}

/** A tensor with these values (default 0) that no scope and no backward() frees. */
export function persistent(shape: Shape, dtype: "float32" | "float64" | "int32", values?: TypedArray | number): Tensor {
  const filled =
    values === undefined || typeof values === "number" ? newArray(dtype, sizeOf(shape)).fill(values ?? 0) : values;
  return allocate(shape, dtype).write(filled).keep();
}

/** True for γ and β of a normalisation, which have a weight-decay group of their own. */
export const isNormRole = (role: ParameterRole): boolean => role === "normScale" || role === "normShift";
