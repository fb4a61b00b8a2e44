/**
 * Layers that change the size of pictures and compute nothing learned.
 */
import * as F from "../chapters/resize.js";
import type { Tensor } from "../tensor/tensor.js";
import { Module } from "./module.js";
import { showNumbers } from "./repr.js";

/** Resizes pictures (torch.nn.Upsample): [N, H, W, C] -> [N, H', W', C]. */
export class Upsample extends Module {
  readonly options: F.InterpolateOptions;

  constructor(options: F.InterpolateOptions) {
    super();
    this.options = options;
  }

  forward(x: Tensor): Tensor {
    return F.interpolate(x, this.options);
  }

  override extraRepr(): string {
    return showNumbers(this.options as Readonly<Record<string, unknown>>);
  }
}

/** Channels become pixels (torch.nn.PixelShuffle): [N, H, W, C·r²] -> [N, H·r, W·r, C]. */
export class PixelShuffle extends Module {
  readonly upscaleFactor: number;

  constructor(upscaleFactor: number) {
    super();
    this.upscaleFactor = upscaleFactor;
  }

  forward(x: Tensor): Tensor {
    return F.pixelShuffle(x, this.upscaleFactor);
  }

  override extraRepr(): string {
    return showNumbers({ upscaleFactor: this.upscaleFactor });
  }
}

/** Pixels become channels (torch.nn.PixelUnshuffle): [N, H·r, W·r, C] -> [N, H, W, C·r²]. */
export class PixelUnshuffle extends Module {
  readonly downscaleFactor: number;

  constructor(downscaleFactor: number) {
    super();
    this.downscaleFactor = downscaleFactor;
  }

  forward(x: Tensor): Tensor {
    return F.pixelUnshuffle(x, this.downscaleFactor);
  }

  override extraRepr(): string {
    return showNumbers({ downscaleFactor: this.downscaleFactor });
  }
}
