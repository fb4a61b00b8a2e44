/**
 * ResNet's stem and basic block (He et al. 2016, figure 5, left). In the deploy form each batch norm is folded into the
 * convolution before it, which has its bias then. Key names are torchvision's; a stem has its entries at the model's top.
 */

import { maxPool2d } from "../../chapters/pooling.js";
import { BatchNorm2d } from "../../nn/batch-norm.js";
import { Conv2d } from "../../nn/conv.js";
import { Module } from "../../nn/module.js";
import type { LayerOptions } from "../../nn/parameter.js";
import * as F from "../../ops/functional/index.js";
import { scope } from "../../tensor/scope.js";
import type { Tensor } from "../../tensor/tensor.js";
import { type BasicSpec, hasDownsample } from "./variants.js";

export interface BlockOptions extends LayerOptions {
  /** Whether batch norms are folded away. Default false. */
  readonly deploy?: boolean;
}

/** A convolution, and its batch norm in the training form. */
export interface ConvNorm {
  /** Names of the two in the block. */
  readonly names: readonly [conv: string, norm: string];
  readonly conv: Conv2d;
  readonly norm: BatchNorm2d | null;
}

interface ConvShape {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: number;
  readonly stride: number;
}

abstract class ResNetBlock extends Module {
  /** In the order of the state dict. */
  abstract readonly convs: readonly ConvNorm[];

  protected convNorm(
    names: readonly [conv: string, norm: string],
    { inChannels, outChannels, kernelSize, stride }: ConvShape,
    { deploy = false, ...layer }: BlockOptions,
  ): ConvNorm {
    const padding = (kernelSize - 1) / 2;
    const options = { kernelSize, stride, padding, bias: deploy, ...layer };
    const conv = this.child(names[0], new Conv2d(inChannels, outChannels, options));
    return { names, conv, norm: deploy ? null : this.child(names[1], new BatchNorm2d(outChannels, layer)) };
  }
}

const run = ({ conv, norm }: ConvNorm, x: Tensor): Tensor => (norm ? norm.forward(conv.forward(x)) : conv.forward(x));

/** Side, stride and padding of the pooling behind the stem's convolution. */
export const STEM_POOL = { kernelSize: 3, stride: 2, padding: 1 } as const;
/** Of the stem's convolution. */
export const STEM_CONV = { kernelSize: 7, stride: 2 } as const;

/** maxPool(relu(norm(conv(x)))): [N, H, W, C] -> [N, H/4, W/4, Cout]. */
export class Stem extends ResNetBlock {
  readonly spec: { readonly name: "stem"; readonly outChannels: number; readonly stride: number };
  readonly convs: readonly [ConvNorm];

  constructor(inChannels: number, outChannels: number, options: BlockOptions = {}) {
    super();
    this.spec = { name: "stem", outChannels, stride: STEM_CONV.stride * STEM_POOL.stride };
    this.convs = [this.convNorm(["conv1", "bn1"], { inChannels, outChannels, ...STEM_CONV }, options)];
  }

  forward(x: Tensor): Tensor {
    const { kernelSize, ...window } = STEM_POOL;
    return scope(() => maxPool2d(F.relu(run(this.convs[0], x)), kernelSize, window));
  }
}

/** relu(second(relu(first(x))) + downsample(x) or x): [N, H, W, Cin] -> [N, OH, OW, Cout]. */
export class BasicBlock extends ResNetBlock {
  readonly spec: BasicSpec;
  readonly convs: readonly ConvNorm[];
  readonly first: ConvNorm;
  readonly second: ConvNorm;
  readonly downsample: ConvNorm | null;

  constructor(spec: BasicSpec, options: BlockOptions = {}) {
    super();
    this.spec = spec;
    const { inChannels, outChannels, stride } = spec;
    const dense = { outChannels, kernelSize: 3 };
    this.first = this.convNorm(["conv1", "bn1"], { ...dense, inChannels, stride }, options);
    this.second = this.convNorm(["conv2", "bn2"], { ...dense, inChannels: outChannels, stride: 1 }, options);
    const shape = { inChannels, outChannels, kernelSize: 1, stride };
    const isNeeded = hasDownsample(spec);
    this.downsample = isNeeded ? this.convNorm(["downsample.0", "downsample.1"], shape, options) : null;
    this.convs = [this.first, this.second, ...(this.downsample ? [this.downsample] : [])];
  }

  forward(x: Tensor): Tensor {
    return scope(() => {
      const y = run(this.second, F.relu(run(this.first, x)));
      return F.relu(F.add(y, this.downsample ? run(this.downsample, x) : x));
    });
  }
}
