/**
 * The reference backend: plain loops over typed arrays, float64 sums, no tricks. It defines every op; the others are
 * judged against it, and it shares no code with them.
 */

import type { Runner } from "../../ops/apply.js";
import { draw, type RandomOp } from "../../ops/random.js";
import { resolveScalars } from "../../ops/scalar.js";
import type { Attrs, ChapterOp, CoreOp, OpName, UpdateName } from "../../ops/spec/index.js";
import { type DType, dtypes, newArray, type TypedArray } from "../../tensor/dtype.js";
import type { Allocation } from "../../tensor/storage.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { ArrayKernels, ArrayView } from "../kernel-table.js";
import { wasmSpeeds } from "../wasm/speeds.js";
import * as conv from "./conv.js";
import {
  binaryFormulas,
  broadcastTo,
  integerFormulas,
  mapBinary,
  mapUnary,
  unaryFormulas,
  where,
} from "./elementwise.js";
import { type Kernel as Int64Kernel, withInt64 } from "./int64.js";
import { matmul } from "./matmul.js";
import * as move from "./move.js";
import * as reduce from "./reduce.js";
import { referenceUpdates } from "./updates.js";

type UnaryKernel = ReturnType<typeof mapUnary>;
type BinaryKernel = ReturnType<typeof mapBinary>;

const mapTable = <K extends string, F, Kernel>(formulas: { readonly [N in K]: F }, map: (formula: F) => Kernel) =>
  Object.fromEntries(Object.entries(formulas).map(([name, formula]) => [name, map(formula as F)])) as Record<K, Kernel>;

/** Random ops are defined by the generator, on every backend: see ops/random. */
const drawing =
  (op: RandomOp) =>
  (_: readonly [], attrs: Attrs<RandomOp>, [y]: readonly [ArrayView]): void =>
    draw(op, resolveScalars(attrs), y.data);

const kernels: Pick<ArrayKernels, CoreOp> = {
  ...mapTable<keyof typeof unaryFormulas, (x: number) => number, UnaryKernel>(unaryFormulas, mapUnary),
  ...mapTable<keyof typeof binaryFormulas, (a: number, b: number) => number, BinaryKernel>(binaryFormulas, mapBinary),
  square: mapUnary(unaryFormulas.square, integerFormulas.square),
  mul: mapBinary(binaryFormulas.mul, integerFormulas.mul),
  pow: mapBinary(binaryFormulas.pow, integerFormulas.pow),
  where,
  cast: move.cast,
  sum: reduce.sum,
  mean: reduce.mean,
  max: reduce.max,
  min: reduce.min,
  argmax: reduce.argmax,
  softmax: reduce.softmax,
  logSoftmax: reduce.logSoftmax,
  broadcastTo,
  reshape: move.copy,
  transpose: move.transpose,
  slice: move.slice,
  stridedSlice: move.stridedSlice,
  stridedSliceGrad: move.stridedSliceGrad,
  pad: move.pad,
  concat: move.concat,
  oneHot: move.oneHot,
  matmul,
  conv2d: conv.conv2d,
  conv2dBias: conv.conv2dBias,
  conv2dInputGrad: conv.conv2dInputGrad,
  conv2dWeightGrad: conv.conv2dWeightGrad,
  rand: drawing("rand"),
  randn: drawing("randn"),
  bernoulli: drawing("bernoulli"),
};

/** Of a chapter's op once a function that uses it is imported. */
export const referenceKernels = withInt64(kernels) as ArrayKernels;

/** Gives the ops of a chapter their definition; `int64` where it is another one for int64. */
export function installReference(
  chapter: Partial<Pick<ArrayKernels, ChapterOp>>,
  int64: { readonly [K in ChapterOp]?: Int64Kernel } = {},
): void {
  Object.assign(referenceKernels, withInt64(chapter, int64));
}

interface ArrayAllocation extends Allocation {
  readonly array: TypedArray;
}

const arrayOf = (allocation: Allocation): TypedArray => (allocation as ArrayAllocation).array;

const viewOf = (x: Tensor): ArrayView => ({
  data: arrayOf(x.storage.allocation).subarray(x.offset, x.offset + x.size),
  shape: x.shape,
  dtype: x.dtype,
});

type AnyKernel = (inputs: readonly ArrayView[], attrs: unknown, outputs: readonly ArrayView[]) => void;
type AnyUpdate = (operands: readonly ArrayView[], attrs: unknown) => void;

export const referenceBackend: Runner = {
  name: "reference",
  dtypes: ["float32", "float64", "int64", "int32", "uint8", "bool"],
  // those of the backend that is judged: both then choose the same forms, and results compare one to one
  speeds: wasmSpeeds,
  allocate(dtype: DType, length: number): ArrayAllocation {
    return { bytes: length * dtypes[dtype].bytes, array: newArray(dtype, length) };
  },
  free() {
    // the garbage collector does it
  },
  write(allocation, _dtype, offset, values) {
    arrayOf(allocation).set(values, offset);
  },
  read(allocation, _dtype, offset, length) {
    return Promise.resolve(arrayOf(allocation).slice(offset, offset + length));
  },
  readSync(allocation, _dtype, offset, length) {
    return arrayOf(allocation).slice(offset, offset + length);
  },
  view(allocation, _dtype, offset, length) {
    return arrayOf(allocation).subarray(offset, offset + length);
  },
  run(op: OpName, inputs, attrs, outputs) {
    (referenceKernels[op] as unknown as AnyKernel)(inputs.map(viewOf), attrs, outputs.map(viewOf));
  },
  update(op: UpdateName, operands, attrs) {
    (referenceUpdates[op] as unknown as AnyUpdate)(operands.map(viewOf), attrs);
  },
};
