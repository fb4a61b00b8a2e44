/**
 * What a kernel benchmark is: a row with a name, the work it does, and how to set it up. Most rows are one op on operands of
 * given shapes (opCase). Timing and reporting are elsewhere: suite.ts, report.ts.
 */
import { apply } from "../../src/ops/apply.js";
import { inferShapes } from "../../src/ops/shapes.js";
import type { Attrs, OpName } from "../../src/ops/spec.js";
import { allocate } from "../../src/tensor/create.js";
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

/** Uniform in [0.5, 1.5): valid wherever an op wants positive numbers, and far from denormal ones, which cost 250 times as much. */
export function operand(shape: Shape): Tensor {
  const values = new Float32Array(sizeOf(shape));
  const period = Math.min(values.length, 65521);
  for (let i = 0; i < period; i++) values[i] = 0.5 + Math.random();
  for (let done = period; done > 0 && done < values.length; done *= 2) values.copyWithin(done, 0, done);
  return allocate(shape, "float32").write(values).keep();
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
  readonly flops?: number;
  /** What the best known algorithm has to read or write beyond each operand once; negative for parts that it may skip. */
  readonly extraBytes?: number;
  readonly perStep?: number;
}

/** One op through the public door, its results freed at once, as a training step does. */
export function opCase<K extends OpName>({ op, shapes, attrs, flops, extraBytes = 0, ...row }: OpCase<K>): Case {
  const infer = inferShapes[op] as unknown as (shapes: readonly Shape[], attrs: Attrs<K>) => readonly Shape[];
  const operandBytes = bytesOf(...shapes, ...infer(shapes, attrs));
  const bytes = operandBytes + extraBytes;
  const footprintBytes = Math.min(bytes, operandBytes);
  return {
    ...row,
    work: { bytes, footprintBytes, ...(flops !== undefined && { flops }) },
    prepare: () => {
      const inputs = shapes.map(operand);
      return {
        run: () => {
          for (const y of apply(op, inputs, attrs) as readonly Tensor[]) y.dispose();
        },
        dispose: () => {
          for (const x of inputs) x.dispose();
        },
      };
    },
  };
}
