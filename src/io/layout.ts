/**
 * Memory layouts at the border: the engine keeps convolution weights [KH, KW, Cin/groups, Cout] (transposed ones are those that they turn round) and linear weights
 * [in, out], files keep PyTorch's OIHW and [out, in]. Values move, nothing is computed.
 */

import type { ParameterRole } from "../nn/parameter.js";
import { dtypeOf, newArray, type TypedArray } from "../tensor/dtype.js";
import { type Shape, sizeOf, stridesOf } from "../tensor/shape.js";

interface Permutation {
  readonly toFile: readonly number[];
  readonly fromFile: readonly number[];
}

/** [...K, in, out] <-> [out, in, ...K], for windows over an image or a sequence. */
function ofWindow(rank: number): Permutation | undefined {
  if (rank < 3) return undefined;
  const taps = Array.from({ length: rank - 2 }, (_, axis) => axis);
  return { toFile: [rank - 1, rank - 2, ...taps], fromFile: [...taps.map((axis) => axis + 2), 1, 0] };
}

/** Axes of the file in the engine's order and back, by rank; roles without a row are the same in both. */
const permutations: { readonly [R in ParameterRole]?: (rank: number) => Permutation | undefined } = {
  convWeight: ofWindow,
  linearWeight: (rank) => (rank === 2 ? { toFile: [1, 0], fromFile: [1, 0] } : undefined),
};

const permutationOf = (role: ParameterRole | undefined, { length }: Shape): Permutation | undefined =>
  role && permutations[role]?.(length);

export interface Values {
  readonly shape: Shape;
  readonly values: TypedArray;
}

/** Elements of `values` in row-major order of `shape`, where one step along an axis moves by its entry of `steps`. */
export function gather(values: TypedArray, shape: Shape, steps: readonly number[]): TypedArray {
  const gathered = newArray(dtypeOf(values), sizeOf(shape));
  const index = new Array<number>(shape.length).fill(0);
  let from = 0;
  for (let i = 0; i < gathered.length; i++) {
    gathered[i] = values[from]!;
    // the odometer's last wheel first
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += steps[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      from -= steps[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return gathered;
}

/** A copy with its axes in another order. */
function permute({ shape, values }: Values, perm: readonly number[]): Values {
  const to = perm.map((axis) => shape[axis]!);
  const strides = stridesOf(shape);
  return {
    shape: to,
    values: gather(
      values,
      to,
      perm.map((axis) => strides[axis]!),
    ),
  };
}

/** Engine layout -> file layout for a parameter of this role; undefined for buffers. */
export function toFileLayout(role: ParameterRole | undefined, entry: Values): Values {
  const row = permutationOf(role, entry.shape);
  return row ? permute(entry, row.toFile) : entry;
}

/** File layout -> engine layout. An entry of another rank is passed through, so that strict loading names it. */
export function fromFileLayout(role: ParameterRole | undefined, entry: Values): Values {
  const row = permutationOf(role, entry.shape);
  return row ? permute(entry, row.fromFile) : entry;
}

/** The shape that an entry of this role and engine shape has in a file. */
export function fileShape(role: ParameterRole | undefined, shape: Shape): Shape {
  const row = permutationOf(role, shape);
  return row ? row.toFile.map((axis) => shape[axis]!) : shape;
}
