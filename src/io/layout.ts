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

/** A copy with its axes in another order. */
function permute({ shape, values }: Values, perm: readonly number[]): Values {
  const to = perm.map((axis) => shape[axis]!);
  const strides = stridesOf(shape);
  const steps = perm.map((axis) => strides[axis]!);
  const moved = newArray(dtypeOf(values), sizeOf(to));
  const index = new Array<number>(to.length).fill(0);
  let from = 0;
  for (let i = 0; i < moved.length; i++) {
    moved[i] = values[from]!;
    // the odometer's last wheel first
    for (let axis = to.length - 1; axis >= 0; axis--) {
      from += steps[axis]!;
      if (++index[axis]! < to[axis]!) break;
      from -= steps[axis]! * to[axis]!;
      index[axis] = 0;
    }
  }
  return { shape: to, values: moved };
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
