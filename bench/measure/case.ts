/**
 * What a kernel benchmark is: a row with a name, the work it does, and how to set it up. Most rows are one op on operands of
 * given shapes (opCase). Timing and reporting are elsewhere: suite.ts, report.ts.
 */
// the ops of all chapters, by name
import "../../src/chapters/index.js";
import { apply } from "../../src/ops/apply.js";
import { costOfOp, type Sized } from "../../src/ops/cost/index.js";
import { inferDType } from "../../src/ops/dtypes.js";
import { type IndexOp, indexOps } from "../../src/ops/indices.js";
import { inferShapes } from "../../src/ops/shapes/index.js";
import type { Attrs, OpName } from "../../src/ops/spec/index.js";
import { allocate } from "../../src/tensor/create.js";
import { type DType, isFloat, newArray } from "../../src/tensor/dtype.js";
import { type Shape, sizeOf } from "../../src/tensor/shape.js";
import type { Tensor } from "../../src/tensor/tensor.js";

/** What one call must at least do; a floor of its time follows from these and the machine's peaks. */
export interface Work {
  /** A multiply-add counts two. */
  readonly flops?: number;
  /** Read and written, at least, by the best known algorithm. */
  readonly bytes?: number;
  /** Of all operands, each counted once: decides which level of memory serves them. Default: bytes. */
  readonly footprintBytes?: number;
  /** Pictures, where those are counted. */
  readonly images?: number;
}

export interface Prepared {
  run(): void;
  dispose(): void;
}

export interface Case {
  readonly group: string;
  /** Unique within all groups. */
  readonly name: string;
  readonly work: Work;
  /** How often a training step of MobileOne-S0 does this. */
  readonly perStep?: number;
  prepare(): Prepared;
}

const FLOAT_BYTES = 4;

/** Dtypes of inputs that are not those of the others, by op and place. */
const dtypesOfInputs: { readonly [K in OpName]?: (place: number) => DType | undefined } = {
  gather: (place) => (place === 1 ? "int32" : undefined),
  scatterAdd: (place) => (place === 1 ? "int32" : undefined),
  takeAlongAxis: (place) => (place === 1 ? "int32" : undefined),
  takeAlongAxisGrad: (place) => (place === 1 ? "int32" : undefined),
  scatter: (place) => (place === 1 ? "int32" : undefined),
  oneHot: () => "int32",
  bitwise: () => "int32",
  resample: (place) => (place === 1 || place === 3 ? "int32" : undefined),
  patchMomentsGrad: (place) => (place > 0 ? "float64" : undefined),
  foldedInputGrad: (place) => (place > 2 ? "float64" : undefined),
  foldBranches: (place) => (place < 2 ? "float64" : undefined),
  foldBranchesGrad: (place) => (place === 2 ? "float64" : undefined),
};

/** The dtype that an op wants at a place of its inputs, `usual` where any will do. */
export const inputDType = (op: OpName, place: number, usual: DType = "float32"): DType =>
  dtypesOfInputs[op]?.(place) ?? usual;

/**
 * Uniform in [0.5, 1.5): valid wherever an op wants positive numbers, and far from denormal ones, which cost 250 times as
 * much. Integers are uniform in 0 … limit − 1.
 */
export function operand(shape: Shape, dtype: DType = "float32", limit = 2): Tensor {
  const values = newArray(dtype, sizeOf(shape));
  const period = Math.min(values.length, 65521);
  for (let i = 0; i < period; i++) values[i] = isFloat(dtype) ? 0.5 + Math.random() : Math.floor(limit * Math.random());
  for (let done = period; done > 0 && done < values.length; done *= 2) values.copyWithin(done, 0, done);
  return allocate(shape, dtype).write(values).keep();
}

/** Bytes of float32 tensors. */
export const bytesOf = (...shapes: readonly Shape[]): number =>
  shapes.reduce((bytes, shape) => bytes + FLOAT_BYTES * sizeOf(shape), 0);

export interface OpCase<K extends OpName> {
  readonly group: string;
  readonly name: string;
  readonly op: K;
  readonly shapes: readonly Shape[];
  readonly attrs: Attrs<K>;
  /** Of the inputs that may have any. Default float32. */
  readonly dtype?: DType;
  /** Where the best known algorithm needs fewer than the definition of the op (ops/cost). */
  readonly flops?: number;
  /** What the best known algorithm has to read or write beyond each operand once. */
  readonly extraBytes?: number;
  /** 0 where a step does without. */
  readonly perStep?: number;
}

/** One op through apply(), its results freed at once, as a training step does. Throws ShapeError and DTypeError as it would. */
export function opCase<K extends OpName>(one: OpCase<K>): Case {
  const { op, shapes, attrs, dtype, flops, extraBytes = 0, perStep, ...row } = one;
  const infer = inferShapes[op] as unknown as (shapes: readonly Shape[], attrs: Attrs<K>) => readonly Shape[];
  const inputs = shapes.map((shape, i): Sized => ({ shape, dtype: inputDType(op, i, dtype) }));
  const outputDType = inferDType(
    op,
    inputs.map((input) => input.dtype),
    attrs,
  );
  const cost = costOfOp(
    op,
    inputs,
    attrs,
    infer(shapes, attrs).map((shape) => ({ shape, dtype: outputDType })),
  );
  const limit = op in indexOps ? indexOps[op as IndexOp].limitOf(shapes, attrs) : undefined;
  return {
    ...row,
    ...(perStep !== undefined && perStep > 0 && { perStep }),
    work: { bytes: cost.bytes + extraBytes, footprintBytes: cost.bytes, flops: flops ?? cost.flops },
    prepare: () => {
      const operands = inputs.map((input) => operand(input.shape, input.dtype, limit));
      return {
        run: () => {
          for (const y of apply(op, operands, attrs) as readonly Tensor[]) y.dispose();
        },
        dispose: () => {
          for (const x of operands) x.dispose();
        },
      };
    },
  };
}
