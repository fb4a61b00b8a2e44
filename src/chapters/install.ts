/**
 * Ops that only some programs need come into the tables with the first function that uses them: shapes, gradients and kernels of a
 * chapter are installed when its door (NAME-ops.ts) is imported. A bundle that imports none of its functions has none of it.
 */
import type { Entry } from "../autograd/gradients/entry.js";
import { installGradients } from "../autograd/gradients/index.js";
import type { ArrayKernels, ArrayUpdates } from "../backends/kernel-table.js";
import { installReference } from "../backends/reference/index.js";
import type { Kernel as Int64Kernel } from "../backends/reference/int64.js";
import { installReferenceUpdates } from "../backends/reference/updates.js";
import { installKernels, installUpdateKernels } from "../backends/wasm/kernels/index.js";
import type { WasmKernels, WasmUpdates } from "../backends/wasm/kernels/plan.js";
import { apply, update } from "../ops/apply.js";
import { type DTypeRule, installDTypes } from "../ops/dtypes.js";
import { installFloatOps } from "../ops/promotion.js";
import { installShapes, type ShapeRule } from "../ops/shapes/index.js";
import type { Attrs, ChapterOp, OpName, OptimizerUpdate, PerOutput, UpdateAttrs } from "../ops/spec/index.js";
import type { Tensor } from "../tensor/tensor.js";

/** What the ops K add to each table; forgotten ones do not compile. Their costs stand with those of all others. */
interface Chapter<K extends ChapterOp> {
  readonly shapes: { readonly [P in K]: ShapeRule<P> };
  /** Where the dtype of the output is not that of all inputs. */
  readonly dtypes: { readonly [P in K]?: DTypeRule<P> };
  /** Ops whose values are fractions: integer operands become float32 first. */
  readonly floatOps?: readonly K[];
  readonly gradients: { readonly [P in K]: Entry<P> | null };
  readonly reference: Pick<ArrayKernels, K>;
  /** The definition for int64 where it is another one. */
  readonly int64?: { readonly [P in K]?: Int64Kernel };
  readonly wasm: WasmKernels;
}

type Apply<K extends OpName> = <P extends K>(op: P, inputs: readonly Tensor[], attrs: Attrs<P>) => PerOutput<P, Tensor>;

/** Adds a chapter to the tables, and returns apply() for its ops alone, and others that its functions run. */
export function install<K extends ChapterOp, Other extends OpName = never>(chapter: Chapter<K>): Apply<K | Other> {
  const { shapes, dtypes, floatOps = [], gradients, reference, int64, wasm } = chapter;
  installShapes(shapes);
  installDTypes(dtypes);
  installFloatOps(floatOps);
  installGradients(gradients);
  installReference(reference, int64);
  installKernels(wasm);
  return apply;
}

/** What an optimiser's updates K add to each table. */
interface Updates<K extends OptimizerUpdate> {
  readonly reference: Pick<ArrayUpdates, K>;
  readonly wasm: WasmUpdates;
}

type Update<K extends OptimizerUpdate> = <P extends K>(
  op: P,
  operands: readonly Tensor[],
  attrs: UpdateAttrs<P>,
) => void;

/** Adds an optimiser's updates to the tables, and returns update() for them alone. */
export function installUpdates<K extends OptimizerUpdate>({ reference, wasm }: Updates<K>): Update<K> {
  installReferenceUpdates(reference);
  installUpdateKernels(wasm);
  return update;
}
