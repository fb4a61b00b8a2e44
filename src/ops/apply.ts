/**
 * apply() runs every op: check, allocate, run, record. update() runs every update. Autograd (recorder) and compile (tracer)
 * each install one hook here.
 */
import { allocate, defaultStorage } from "../tensor/create.js";
import type { Shape } from "../tensor/shape.js";
import { sameShape, showShape } from "../tensor/shape.js";
import { type StorageBackend, storageTracer } from "../tensor/storage.js";
import type { Tensor } from "../tensor/tensor.js";
import { BackendError, DTypeError, ShapeError } from "../util/errors.js";
import { inferDType } from "./dtypes.js";
import { expectIndices, type IndexOp, indexOps } from "./indices.js";
import type { Executable, Precision, Program } from "./program.js";
import { drawInto, isRandom } from "./random.js";
import { type Resolved, resolveScalars } from "./scalar.js";
import { inferShapes } from "./shapes/index.js";
import {
  type Attrs,
  type OpName,
  type PerOutput,
  type RandomAttrs,
  type UpdateAttrs,
  type UpdateName,
  updateWrites,
} from "./spec/index.js";

/** What a backend must do to take part: run one op on its own tensors. Ops on one backend take effect in call order. */
export interface Runner extends StorageBackend {
  run<K extends OpName>(op: K, inputs: readonly Tensor[], attrs: Attrs<K>, outputs: readonly Tensor[]): void;
  update<K extends UpdateName>(op: K, operands: readonly Tensor[], attrs: Resolved<UpdateAttrs<K>>): void;
  /** Throws MemoryError for a result that no memory there holds, before the steps that lead to it run. */
  readonly expectRoom?: (op: OpName, shape: Shape) => void;
  /** Makes a recorded program ready to replay; a backend without it runs compiled functions op by op. */
  readonly load?: (program: Program) => Executable;
  /** Of programs; absent: float32 alone. Throws BackendError for one that cannot be had here. */
  readonly expectPrecision?: (precision: Precision) => void;
  /** Whether a program may hold the ops of spec/norm-passes.ts in the place of batch norms and what is around them. */
  readonly fusesBatchNorm?: boolean;
}

/** Sees every op after it ran, or was traced. */
export type Recorder = (
  op: OpName,
  inputs: readonly Tensor[],
  attrs: Attrs<OpName>,
  outputs: readonly Tensor[],
) => void;

/** Takes ops and updates in place of a backend, views left out: compile() traces through it. */
export interface Tracer {
  op(runner: Runner, op: OpName, inputs: readonly Tensor[], attrs: object, outputs: readonly Tensor[]): void;
  update(runner: Runner, op: UpdateName, operands: readonly Tensor[], attrs: object): void;
  /** Takes the same update of a list that it knows, or false. */
  updateEach(op: UpdateName, lists: readonly (readonly Tensor[])[], attrs: object): boolean;
  /** Indices whose values are not known yet: they are to be compared with the limit when they are. */
  check(runner: Runner, op: IndexOp, indices: Tensor, limit: number): void;
}

let recorder: Recorder | null = null;
let tracer: Tracer | null = null;

/** Installs the tracer and returns the one before. */
export function setTracer(next: Tracer | null): Tracer | null {
  const previous = tracer;
  tracer = next;
  return previous;
}

/** Installs the one hook and returns the one before. */
export function setRecorder(next: Recorder | null): Recorder | null {
  const previous = recorder;
  recorder = next;
  return previous;
}

function runnerOf(op: string, operands: readonly Tensor[]): Runner {
  const first = (operands[0]?.storage.backend ?? defaultStorage()) as StorageBackend;
  for (let i = 1; i < operands.length; i++) {
    const { backend } = operands[i]!.storage;
    if (backend !== first)
      throw new BackendError(
        `${op}: operands live on the backends ${first.name} and ${backend.name}, expected one`,
        "copy with tensor(await x.data(), x.shape) after setBackend",
      );
  }
  return first as Runner;
}

/** Ops whose output is a free view of their input. */
const isView: { readonly [K in OpName]?: (from: Shape, to: Shape) => boolean } = {
  reshape: () => true,
  broadcastTo: (from, to) => sameShape(from, to),
  // a slice is a view when only the first axis is cut
  slice: (from, to) => from.length > 0 && from.slice(1).every((dim, i) => dim === to[i + 1]),
};

function viewOffset(op: OpName, x: Tensor, attrs: Attrs<OpName>): number {
  if (op !== "slice") return 0;
  const { begin } = attrs as Attrs<"slice">;
  return (begin[0]! * x.size) / Math.max(1, x.shape[0]!);
}

/**
 * Runs op on its inputs and returns its outputs. Throws ShapeError, DTypeError or BackendError before any work starts.
 */
export function apply<K extends OpName>(op: K, inputs: readonly Tensor[], attrs: Attrs<K>): PerOutput<K, Tensor> {
  if (op in indexOps && inputs[indexOps[op as IndexOp].operand]!.dtype === "int64")
    return withInt32Indices(op, inputs, attrs);
  const runner = runnerOf(op, inputs);
  const infer = inferShapes[op] as unknown as (shapes: readonly Shape[], attrs: Attrs<K>) => readonly Shape[];
  const shapes = infer(
    inputs.map((x) => x.shape),
    attrs,
  );
  const dtype = inferDType(
    op,
    inputs.map((x) => x.dtype),
    attrs,
  );
  const first = inputs[0];
  let outputs: Tensor[];
  if (op in indexOps) checkIndices(runner, op as IndexOp, inputs, attrs);
  if (isView[op]?.(first!.shape, shapes[0]!)) {
    outputs = [first!.alias(shapes[0]!, viewOffset(op, first!, attrs))];
  } else {
    outputs = shapes.map((shape) => allocate(shape, dtype, runner));
    if (outputs.some((y) => y.size > 0)) run(runner, op, inputs, attrs, outputs);
  }
  recorder?.(op, inputs, attrs, outputs);
  return outputs as unknown as PerOutput<K, Tensor>;
}

/**
 * The op at int64 indices, as int32 by way of float64: one beyond int32 then stays out of every range. What autograd needs of them
 * it has saved before they are dropped.
 */
function withInt32Indices<K extends OpName>(op: K, inputs: readonly Tensor[], attrs: Attrs<K>): PerOutput<K, Tensor> {
  const { operand } = indexOps[op as unknown as IndexOp];
  const long = inputs[operand]!;
  // where every number is a float32 an int64 is one, and what int32 lacks becomes its least number
  const [numbers] =
    (long.storage.backend as Runner).hasFloat64Digits === false ? [long] : apply("cast", [long], { dtype: "float64" });
  const [short] = apply("cast", [numbers], { dtype: "int32" });
  if (numbers !== long) numbers.dispose();
  try {
    return apply(op, inputs.toSpliced(operand, 1, short), attrs);
  } finally {
    short.dispose();
  }
}

function run<K extends OpName>(
  runner: Runner,
  op: K,
  inputs: readonly Tensor[],
  attrs: Attrs<K>,
  outputs: readonly Tensor[],
): void {
  // kernels of random ops run on the host
  if (isRandom(op) && !runner.view) drawInto(op, attrs as RandomAttrs, outputs[0]!);
  else if (tracer) tracer.op(runner, op, inputs, attrs, outputs);
  else runner.run(op, inputs, isRandom(op) ? (resolveScalars(attrs) as unknown as Attrs<K>) : attrs, outputs);
}

/** Throws IndexError for an index outside; leaves it to the trace where the values are not there yet, and to a device. */
function checkIndices(runner: Runner, op: IndexOp, inputs: readonly Tensor[], attrs: object): void {
  const { operand, limitOf } = indexOps[op];
  const indices = inputs[operand]!;
  if (!runner.view || indices.size === 0) return;
  const limit = limitOf(
    inputs.map((x) => x.shape),
    attrs,
  );
  const storages = storageTracer();
  if (storages && !storages.isKnown(indices.storage)) {
    tracer!.check(runner, op, indices, limit);
    return;
  }
  const { storage, offset, size } = indices;
  const known = storages?.knownValues(storage)?.subarray(offset, offset + size);
  expectIndices(op, known ?? runner.view(storage.allocation, indices.dtype, offset, size), limit);
}

/** Runs an update, which writes over its first operands. All operands have one shape and dtype. */
export function update<K extends UpdateName>(op: K, operands: readonly Tensor[], attrs: UpdateAttrs<K>): void {
  const runner = runnerOf(op, operands);
  expectAlike(op, operands);
  if (operands[0]!.size === 0) return;
  for (let i = 0; i < updateWrites[op]; i++) operands[i]!.storage.touch();
  if (tracer) tracer.update(runner, op, operands, attrs);
  else runner.update(op, operands, resolveScalars(attrs));
}

function expectAlike(op: string, operands: readonly Tensor[]): void {
  const first = operands[0]!;
  for (let i = 1; i < operands.length; i++) {
    const other = operands[i]!;
    if (!sameShape(first.shape, other.shape) || first.dtype !== other.dtype)
      throw new ShapeError(
        `${op}: operands ${showShape(first.shape)} ${first.dtype} and ${showShape(other.shape)} ${other.dtype}, expected alike`,
      );
  }
  const isCopy = op === "assign" || op === "fill";
  if ((first.dtype === "bool" && !isCopy) || (first.dtype === "int64" && !isCopy && op !== "accumulate"))
    throw new DTypeError(`${op}: operands are ${first.dtype}, expected float32 or float64`, "cast them first");
}

/**
 * The same update of many operands, in order. A list that is the same object at every call is compared as a whole by a
 * compiled function: the averages of a large model cost it next to nothing. The list may not change once it was given.
 */
export function updateEach<K extends UpdateName>(
  op: K,
  lists: readonly (readonly Tensor[])[],
  attrs: UpdateAttrs<K>,
): void {
  if (tracer?.updateEach(op, lists, attrs)) return;
  for (const operands of lists) update(op, operands, attrs);
}
