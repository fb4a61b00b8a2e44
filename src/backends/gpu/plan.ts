/**
 * What a lowering sees of the backend: places in device memory and calls of kernels on them. A lowering turns one op into
 * calls; it never learns whether they run now, are encoded for later, or are recorded for a replay.
 */

import type { RandomOp } from "../../ops/random.js";
import type { Resolved } from "../../ops/scalar.js";
import type { Attrs, OpName, PerInput, PerOperand, PerOutput, UpdateAttrs, UpdateName } from "../../ops/spec/index.js";
import type { DType } from "../../tensor/dtype.js";
import { type Shape, sizeOf } from "../../tensor/shape.js";
import { ShapeError } from "../../util/errors.js";
import {
  type ArgumentKind,
  type Dims,
  type GpuArgs,
  type GpuKernel,
  type InPlaceKernel,
  LONGEST_AXIS,
} from "./kernel.js";
import type { DeviceTraits, WgslArrays, WgslKernel, WgslNumbers } from "./wgsl/define.js";

/** A run of float32 numbers in some memory, which is the executor's own business. */
export interface Place {
  readonly memory: object;
  /** First element. */
  readonly offset: number;
  /** Elements. */
  readonly length: number;
}

/** A place seen as [z][y][x]. */
export interface View {
  readonly place: Place;
  readonly dims: Dims;
}

export interface BufferOperand {
  readonly place: Place;
  readonly shape: Shape;
  readonly size: number;
  readonly dtype: DType;
}

/** What every number of a place must be; a number that is not is an error of its own kind. */
export interface Check {
  readonly kind: CheckKind;
  /** Which op, for the error. */
  readonly op: string;
  readonly place: Place;
  /** The first and the last number that pass. */
  readonly low: number;
  readonly high: number;
}
/** index: outside of what there is. whole: an integer that float32 may have rounded. */
export type CheckKind = "index" | "whole";

type Given<K extends ArgumentKind> = K extends "array" ? View : number;
/** A view for an array, a number for a scalar. */
export type GivenArgs<A extends GpuArgs> = { readonly [K in keyof A]: Given<A[K]> };

/** Arguments in the kernel's own order. */
export const inOrder = <A extends GpuArgs>(kernel: GpuKernel<A>, args: GivenArgs<A>): readonly (View | number)[] =>
  Object.keys(kernel.args).map((name) => args[name]!);

/** A run of a hand-written kernel. */
export interface WgslRun<A extends WgslArrays = WgslArrays, N extends WgslNumbers = WgslNumbers> {
  readonly arrays: { readonly [K in keyof A]: Place };
  readonly numbers: { readonly [K in keyof N]: number };
  /** Workgroups; those that folding adds find `group >= params.groups` and end. */
  readonly groups: number;
  /** Threads that compute or load something; default all. */
  readonly working?: number;
}

export interface Plan {
  /** Of the device that runs hand-written kernels; null where there is none, and gpu.js's kernels must do. */
  readonly device: DeviceTraits | null;
  /** Runs a hand-written kernel; only where there is a device. */
  run<A extends WgslArrays, N extends WgslNumbers>(
    kernel: WgslKernel<A, N>,
    run: WgslRun<NoInfer<A>, NoInfer<N>>,
  ): void;
  /** out = kernel over dims; what the kernel declares, by name. */
  call<A extends GpuArgs>(kernel: GpuKernel<A>, out: Place, dims: Dims, args: GivenArgs<NoInfer<A>>): void;
  /** Runs over equal lengths; false where the executor cannot, and the twins must do. */
  inPlace(kernel: InPlaceKernel, operands: readonly Place[], floats: readonly number[]): boolean;
  copy(from: Place, to: Place): void;
  /** Memory with undefined contents until the end of this op. */
  scratch(length: number): Place;
  /** Finds the first number that does not pass: the error comes at once, or with the next read from a device. */
  check(check: Check): void;
  /** Tiled products in the device's own language where it has one; false where gpu.js's must do. */
  product(product: Product): boolean;
}

/** y[b] = scale · op(a[b]) · op(b[b]) + bias, then relu: matrices [m, k] and [k, n] stored transposed or not. */
export interface Product {
  readonly a: Place;
  readonly b: Place;
  readonly y: Place;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly batch: number;
  /** 1, or 0 where all batches share one matrix. */
  readonly strideA: 0 | 1;
  readonly strideB: 0 | 1;
  readonly bias: Place | null;
  readonly relu: boolean;
  readonly scale: number;
}

/** Lowers one op to calls. */
export type Lowering<K extends OpName> = (
  inputs: PerInput<K, BufferOperand>,
  attrs: Attrs<K>,
  outputs: PerOutput<K, BufferOperand>,
  plan: Plan,
) => void;

/** Random ops are drawn on the host: see ops/random. */
export type Lowerings = { readonly [K in Exclude<OpName, RandomOp>]: Lowering<K> };
export type UpdateLowerings = {
  readonly [K in UpdateName]: (
    operands: PerOperand<K, BufferOperand>,
    attrs: Resolved<UpdateAttrs<K>>,
    plan: Plan,
  ) => void;
};

export const viewOf = (place: Place, z: number, y: number, x: number): View => ({ place, dims: [x, y, z] });

export const flat = (place: Place): View => viewOf(place, 1, 1, place.length);

/** A part of a place. */
export const part = (place: Place, from: number, length: number): Place => ({
  memory: place.memory,
  offset: place.offset + from,
  length,
});

/** What y and z count in one dispatch of square workgroups. */
const MAX_Y = 65_535 * 8;
const MAX_Z = 65_535;

/**
 * Rows as (z, y): all of them in y where a dispatch reaches them, else in as few equal layers as divide them; layers that
 * a dispatch does not reach where there are no others. Throws ShapeError for more than 2^24 rows that nothing divides.
 */
export function splitRows(rows: number): { readonly z: number; readonly y: number } {
  for (let z = Math.ceil(rows / MAX_Y); z <= MAX_Z; z++) if (rows % z === 0) return { z, y: rows / z };
  for (let z = Math.ceil(rows / LONGEST_AXIS); z <= MAX_Z; z++) if (rows % z === 0) return { z, y: rows / z };
  throw new ShapeError(
    `gpu: ${rows} rows, expected at most ${LONGEST_AXIS}, or a number that up to ${MAX_Z} layers divide`,
    "another batch size",
  );
}

/** Rows of a tensor [..., C] as (z, y). */
export const rowsOf = (shape: Shape) => splitRows(sizeOf(shape.slice(0, -1)));
