/**
 * Layers that leave something out by chance while they train, and pass their input through in evaluation. What is left in is
 * divided by its probability. They draw from the generator that manualSeed() resets, anew at each call of a compiled function.
 */
import * as F from "../ops/functional/index.js";
import { scope } from "../tensor/scope.js";
import type { Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { ShapeError, UsageError } from "../util/errors.js";
import { Module } from "./module.js";
import { showNumbers } from "./repr.js";

function expectProbability(where: string, p: number): void {
  if (!(p >= 0 && p <= 1)) throw new UsageError(`${where}: p is ${p}, expected a probability of 0 to 1`);
}

/** x with what a mask of `shape`, which broadcasts, leaves out with probability p. */
function dropped(x: Tensor, p: number, shape: Shape): Tensor {
  return scope(() => {
    const dtype = x.dtype === "float64" ? "float64" : "float32";
    const mask = F.bernoulli(shape, 1 - p, { dtype });
    // at p = 1 nothing is left to be scaled
    return F.mul(x, p === 1 ? mask : F.div(mask, 1 - p));
  });
}

abstract class RandomLayer extends Module {
  readonly p: number;

  constructor(where: string, p: number) {
    super();
    expectProbability(where, p);
    this.p = p;
  }

  protected abstract maskShape(x: Shape): Shape;

  forward(x: Tensor): Tensor {
    return this.training && this.p > 0 ? dropped(x, this.p, this.maskShape(x.shape)) : x;
  }

  override extraRepr(): string {
    return showNumbers({ p: this.p });
  }
}

/**
 * Elements become 0 with probability p in training mode, the others grow by 1 / (1 − p) (Hinton et al. 2012; torch.nn.Dropout).
 * Any shape. Throws UsageError for a p that is no probability.
 *
 * @example
 * ```ts
 * const drop = new nn.Dropout(0.25);
 * console.log(drop.eval().forward(ones([2])).toArray()); // [1, 1]
 * ```
 */
export class Dropout extends RandomLayer {
  constructor(p = 0.5) {
    super("Dropout", p);
  }

  protected maskShape(x: Shape): Shape {
    return x;
  }
}

/** Whole channels of an image become 0 with probability p in training mode (torch.nn.Dropout2d): [N, H, W, C], or [H, W, C]. */
export class Dropout2d extends RandomLayer {
  constructor(p = 0.5) {
    super("Dropout2d", p);
  }

  protected maskShape(x: Shape): Shape {
    if (x.length !== 3 && x.length !== 4)
      throw new ShapeError(`Dropout2d: an input of ${x.length} axes, expected [N, H, W, C] or [H, W, C]`);
    return [...x.slice(0, -3), 1, 1, x.at(-1)!];
  }
}

/** Which samples of a batch share their fate. */
export interface DropPathOptions {
  /** "row": each sample for itself; "batch": all together. Default "row". */
  readonly mode?: "row" | "batch";
}

/**
 * A branch is left out with probability p in training mode, for each sample (stochastic depth, Huang et al. 2016; timm's
 * DropPath, torchvision.ops.StochasticDepth): [N, ...], the same shape.
 *
 * @example
 * ```ts
 * const drop = new nn.DropPath(0.1);
 * const branch = new nn.Linear(8, 8);
 * const x = randn([4, 8]);
 * console.log(x.add(drop.forward(branch.forward(x))).shape); // [4, 8]
 * ```
 */
export class DropPath extends RandomLayer {
  readonly mode: "row" | "batch";

  constructor(p = 0, { mode = "row" }: DropPathOptions = {}) {
    super("DropPath", p);
    this.mode = mode;
  }

  protected maskShape(x: Shape): Shape {
    return x.map((side, axis) => (axis === 0 && this.mode === "row" ? side : 1));
  }

  override extraRepr(): string {
    return showNumbers({ p: this.p, mode: this.mode });
  }
}
