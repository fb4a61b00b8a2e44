/**
 * Memory layouts at the border: the engine keeps convolution weights [KH, KW, Cin/groups, Cout] and linear weights
 * [in, out], files keep PyTorch's OIHW and [out, in]. Values move, nothing is computed.
 */

import type { ParameterRole } from "../nn/parameter.js";
import { dtypeOf, newArray, type TypedArray } from "../tensor/dtype.js";
import { type Shape, sizeOf, stridesOf } from "../tensor/shape.js";

/** Axes of the file in the engine's order and back; roles without a row are the same in both. */
const permutations: {
  readonly [R in ParameterRole]?: { readonly toFile: readonly number[]; readonly fromFile: readonly number[] };
} = {
  convWeight: { toFile: [3, 2, 0, 1], fromFile: [2, 3, 1, 0] },
  linearWeight: { toFile: [1, 0], fromFile: [1, 0] },
};

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
  const row = role && permutations[role];
  return row ? permute(entry, row.toFile) : entry;
}

/** File layout -> engine layout. An entry of another rank is passed through, so that strict loading names it. */
export function fromFileLayout(role: ParameterRole | undefined, entry: Values): Values {
  const row = role && permutations[role];
  return row && entry.shape.length === row.fromFile.length ? permute(entry, row.fromFile) : entry;
}

/** The shape that an entry of this role and engine shape has in a file. */
export function fileShape(role: ParameterRole | undefined, shape: Shape): Shape {
  const row = role && permutations[role];
  return row ? row.toFile.map((axis) => shape[axis]!) : shape;
}
