/**
 * A parameter: a tensor that is learned, and the role it plays. The role is the one tag from which a file's layout (io),
 * the weight-decay group (optim) and the initial values (init) follow; names decide none of them.
 */
import { allocate } from "../tensor/create.js";
import { newArray, type TypedArray } from "../tensor/dtype.js";
import { type Shape, sizeOf } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";

/**
 * convWeight [KH, KW, Cin/groups, Cout], linearWeight [in, out], embedding [entries, features]; bias, normScale and normShift
 * are vectors [C]. "other" has any shape, and whoever made it gives its initial values.
 */
export type ParameterRole = "convWeight" | "linearWeight" | "embedding" | "bias" | "normScale" | "normShift" | "other";

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

/** What a tensor in a field of a module is. */
export type Declaration =
  | { readonly kind: "parameter"; readonly role: ParameterRole }
  | { readonly kind: "buffer"; readonly isOptional: boolean };

const declarations = new WeakMap<Tensor, Declaration>();

/**
 * Declares a tensor to be learned (torch.nn.Parameter): it gets requiresGrad, and the module that holds it in a field, or in an array
 * in a field, registers it under the field's name. A leaf with requiresGrad is one without being declared. Throws BackendError
 * for integers.
 *
 * @example
 * ```ts
 * class Scale extends nn.Module {
 *   readonly factor = nn.parameter(ones([8]));
 *   forward(x: Tensor): Tensor {
 *     return x.mul(this.factor);
 *   }
 * }
 * console.log([...new Scale().namedParameters().keys()]); // ["factor"]
 * ```
 */
export function parameter(tensor: Tensor, role: ParameterRole = "other"): Tensor {
  tensor.requiresGrad = true;
  declarations.set(tensor, { kind: "parameter", role });
  return tensor.keep();
}

/**
 * Declares a tensor to be saved with the module that holds it in a field, and not learned (register_buffer of torch.nn.Module);
 * an optional one may be missing from a state dict.
 */
export function buffer(tensor: Tensor, { isOptional = false }: { readonly isOptional?: boolean } = {}): Tensor {
  declarations.set(tensor, { kind: "buffer", isOptional });
  return tensor.keep();
}

/** What a tensor in a field is; null for one that is neither learned nor saved. */
export function declarationOf(tensor: Tensor): Declaration | null {
  const known = declarations.get(tensor);
  if (known) return known;
  if (!tensor.requiresGrad || tensor.edge !== null) return null;
  // from now on, so that freezing it does not take it out of the state dict
  parameter(tensor);
  return declarations.get(tensor)!;
}
