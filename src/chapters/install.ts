/**
 * Ops that only some programs need come into the tables with the first function that uses them: shapes, gradients and kernels of a
 * chapter are installed when its door (NAME-ops.ts) is imported. A bundle that imports none of its functions has none of it.
 */
import type { Entry } from "../autograd/gradients/entry.js";
import { installGradients } from "../autograd/gradients/index.js";
import type { ArrayKernels } from "../backends/kernel-table.js";
import { installReference } from "../backends/reference/index.js";
import { installKernels } from "../backends/wasm/kernels/index.js";
import type { WasmKernels } from "../backends/wasm/kernels/plan.js";
import { apply } from "../ops/apply.js";
import { installShapes, type ShapeRule } from "../ops/shapes/index.js";
import type { Attrs, ChapterOp, PerOutput } from "../ops/spec/index.js";
import type { Tensor } from "../tensor/tensor.js";

/** What the ops K add to each table; forgotten ones do not compile. Their dtypes and costs stand with those of all others. */
interface Chapter<K extends ChapterOp> {
  readonly shapes: { readonly [P in K]: ShapeRule<P> };
  readonly gradients: { readonly [P in K]: Entry<P> | null };
  readonly reference: Pick<ArrayKernels, K>;
  readonly wasm: WasmKernels;
}

type Apply<K extends ChapterOp> = <P extends K>(
  op: P,
  inputs: readonly Tensor[],
  attrs: Attrs<P>,
) => PerOutput<P, Tensor>;

/** Adds a chapter to the tables, and returns apply() for its ops alone. */
export function install<K extends ChapterOp>({ shapes, gradients, reference, wasm }: Chapter<K>): Apply<K> {
  installShapes(shapes);
  installGradients(gradients);
  installReference(reference);
  installKernels(wasm);
  return apply;
}
