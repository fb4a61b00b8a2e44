/**
 * Padding of images as layers: zeros, or pixels of the image.
 */
import * as F from "../ops/functional/index.js";
import type { Pair } from "../ops/spec/index.js";
import type { Tensor } from "../tensor/tensor.js";
import { Module } from "./module.js";
import { showNumbers } from "./repr.js";

/** Pixels around an image: one number, [height, width], or [[top, bottom], [left, right]]; negative ones crop. */
export type PadWidths = number | Pair | readonly [Pair, Pair];

abstract class ImagePadding extends Module {
  readonly padding: readonly [Pair, Pair];
  protected abstract readonly mode: F.PadMode;

  constructor(padding: PadWidths) {
    super();
    const [rows, columns]: readonly (number | Pair)[] = typeof padding === "number" ? [padding, padding] : padding;
    const both = (width: number | Pair): Pair => (typeof width === "number" ? [width, width] : width);
    this.padding = [both(rows!), both(columns!)];
  }

  forward(x: Tensor): Tensor {
    return F.pad(x, [[0, 0], ...this.padding, [0, 0]], { mode: this.mode });
  }

  override extraRepr(): string {
    return showNumbers({ padding: this.padding.map((widths) => `[${widths.join(", ")}]`) });
  }
}

/**
 * Zeros around the image (torch.nn.ZeroPad2d): [N, H, W, C] -> [N, top + H + bottom, left + W + right, C].
 *
 * @example
 * ```ts
 * const pad = new nn.ZeroPad2d([[0, 1], [2, 3]]);
 * console.log(pad.forward(rand([1, 4, 4, 3])).shape); // [1, 5, 9, 3]
 * ```
 */
export class ZeroPad2d extends ImagePadding {
  protected readonly mode = "constant";
}

/** The image mirrored at its outermost pixels, which are not repeated (torch.nn.ReflectionPad2d). */
export class ReflectionPad2d extends ImagePadding {
  protected readonly mode = "reflect";
}

/** The outermost pixels repeated (torch.nn.ReplicationPad2d). */
export class ReplicationPad2d extends ImagePadding {
  protected readonly mode = "replicate";
}

/** The image repeated (torch.nn.CircularPad2d). */
export class CircularPad2d extends ImagePadding {
  protected readonly mode = "circular";
}
