/**
 * Layers without arithmetic: the same numbers in another shape, or as they are.
 */
import * as F from "../ops/functional/index.js";
import { normalizeAxis, type Shape, showShape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { ShapeError } from "../util/errors.js";
import { Module } from "./module.js";
import { showNumbers } from "./repr.js";

/** x as it is (torch.nn.Identity): in the place of a layer that is taken out. */
export class Identity extends Module {
  forward(x: Tensor): Tensor {
    return x;
  }
}

/**
 * Several axes as one (torch.nn.Flatten): all but the first unless said otherwise. An image [N, H, W, C] becomes [N, H·W·C], where
 * PyTorch has C·H·W: weights of a Linear behind it that come from there have their inputs in another order.
 *
 * @example
 * ```ts
 * console.log(new nn.Flatten().forward(rand([2, 4, 4, 3])).shape); // [2, 48]
 * ```
 */
export class Flatten extends Module {
  readonly startAxis: number;
  readonly endAxis: number;

  constructor(startAxis = 1, endAxis = -1) {
    super();
    this.startAxis = startAxis;
    this.endAxis = endAxis;
  }

  /** Throws ShapeError where the axes are not there, or the wrong way round. */
  forward(x: Tensor): Tensor {
    const { shape, rank } = x;
    if (rank === 0) return F.reshape(x, [1]);
    const [start, end] = [this.startAxis, this.endAxis].map((axis) => normalizeAxis(axis, rank, "Flatten"));
    if (start! > end!)
      throw new ShapeError(`Flatten: axes ${start} to ${end} of ${showShape(shape)}, expected a start before the end`);
    const size = shape.slice(start, end! + 1).reduce((product, side) => product * side, 1);
    return F.reshape(x, [...shape.slice(0, start), size, ...shape.slice(end! + 1)]);
  }

  override extraRepr(): string {
    return showNumbers({ startAxis: this.startAxis, endAxis: this.endAxis });
  }
}

/**
 * One axis as several (torch.nn.Unflatten); one of the sizes may be -1.
 *
 * @example
 * ```ts
 * console.log(new nn.Unflatten(1, [4, 4, 3]).forward(rand([2, 48])).shape); // [2, 4, 4, 3]
 * ```
 */
export class Unflatten extends Module {
  readonly axis: number;
  readonly sizes: Shape;

  constructor(axis: number, sizes: Shape) {
    super();
    this.axis = axis;
    this.sizes = sizes;
  }

  /** Throws ShapeError where the axis is not there or the sizes do not make it up. */
  forward(x: Tensor): Tensor {
    const at = normalizeAxis(this.axis, x.rank, "Unflatten");
    const side = x.shape[at]!;
    const known = this.sizes.reduce((product, size) => (size === -1 ? product : product * size), 1);
    const sizes = this.sizes.map((size) => (size === -1 ? side / known : size));
    if (sizes.some((size) => !Number.isInteger(size)) || sizes.reduce((product, size) => product * size, 1) !== side)
      throw new ShapeError(
        `Unflatten: axis ${at} of ${showShape(x.shape)} as ${showShape(this.sizes)}, expected sizes that make up ${side}`,
      );
    return F.reshape(x, x.shape.toSpliced(at, 1, ...sizes));
  }

  override extraRepr(): string {
    return showNumbers({ axis: this.axis, sizes: this.sizes });
  }
}
