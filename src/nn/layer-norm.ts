/**
 * Normalisations that keep no statistics: over rows, over groups of channels, over single channels.
 */
import * as F from "../chapters/normalisation.js";
import { type Shape, showShape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { ShapeError } from "../util/errors.js";
import { expectChannelsLast, expectOptions } from "./arguments.js";
import { initialTensor } from "./init.js";
import { Module } from "./module.js";
import type { LayerOptions } from "./parameter.js";
import { showNumbers } from "./repr.js";

/** The numbers of a layer normalisation. */
export interface LayerNormLayerOptions extends LayerOptions {
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number;
  /** Whether y is scaled and shifted by learned numbers. Default true. */
  readonly elementwiseAffine?: boolean;
  /** Whether it is shifted. Default true. */
  readonly bias?: boolean;
}

/**
 * Layer normalisation over the last axes (Ba, Kiros and Hinton 2016; torch.nn.LayerNorm): [..., ...normalizedShape] -> the same.
 *
 * @example
 * ```ts
 * const norm = new nn.LayerNorm(192, { eps: 1e-6 });
 * console.log(norm.forward(rand([2, 197, 192])).shape); // [2, 197, 192]
 * ```
 */
export class LayerNorm extends Module {
  readonly weight: Tensor | null;
  readonly bias: Tensor | null;
  readonly normalizedShape: Shape;
  readonly eps: number;

  constructor(normalizedShape: number | Shape, options: LayerNormLayerOptions = {}) {
    super();
    expectOptions("LayerNorm", options, "new nn.LayerNorm(192, { eps: 1e-6 })");
    const { eps = 1e-5, elementwiseAffine = true, bias = true } = options;
    this.normalizedShape = typeof normalizedShape === "number" ? [normalizedShape] : normalizedShape;
    this.eps = eps;
    const vector = (role: "normScale" | "normShift"): Tensor =>
      this.parameter(
        role === "normScale" ? "weight" : "bias",
        role,
        initialTensor(role, this.normalizedShape, options),
      );
    this.weight = elementwiseAffine ? vector("normScale") : null;
    this.bias = elementwiseAffine && bias ? vector("normShift") : null;
  }

  forward(x: Tensor): Tensor {
    return F.layerNorm(x, this.normalizedShape, this.weight, this.bias, { eps: this.eps });
  }

  override extraRepr(): string {
    const { normalizedShape, eps, weight } = this;
    return showNumbers({ normalizedShape, eps, elementwiseAffine: weight !== null });
  }
}

/** The numbers of a normalisation of groups or channels. */
export interface GroupNormOptions extends LayerOptions {
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number;
  /** Whether channels are scaled and shifted by learned numbers. Default true for groups, false for instances, as in PyTorch. */
  readonly affine?: boolean;
}

/** γ and β of the channels as parameters, where `isAffine` asks for them. */
abstract class ChannelNorm extends Module {
  readonly weight: Tensor | null;
  readonly bias: Tensor | null;
  readonly eps: number;

  constructor(channels: number, isAffine: boolean, options: GroupNormOptions) {
    super();
    this.eps = options.eps ?? 1e-5;
    this.weight = isAffine
      ? this.parameter("weight", "normScale", initialTensor("normScale", [channels], options))
      : null;
    this.bias = isAffine ? this.parameter("bias", "normShift", initialTensor("normShift", [channels], options)) : null;
  }
}

/**
 * Normalisation of each of `numGroups` runs of channels of every picture (Wu and He 2018; torch.nn.GroupNorm):
 * [N, ..., numChannels] -> the same.
 *
 * @example
 * ```ts
 * console.log(new nn.GroupNorm(8, 32).forward(rand([2, 7, 7, 32])).shape); // [2, 7, 7, 32]
 * ```
 */
export class GroupNorm extends ChannelNorm {
  readonly numGroups: number;
  readonly numChannels: number;

  /** Throws ShapeError where the groups do not divide the channels. */
  constructor(numGroups: number, numChannels: number, options: GroupNormOptions = {}) {
    expectOptions("GroupNorm", options, "new nn.GroupNorm(8, 32, { eps: 1e-6 })");
    if (!(numGroups >= 1) || numChannels % numGroups !== 0)
      throw new ShapeError(`GroupNorm: ${numChannels} channels, expected a multiple of numGroups=${numGroups}`);
    super(numChannels, options.affine ?? true, options);
    this.numGroups = numGroups;
    this.numChannels = numChannels;
  }

  forward(x: Tensor): Tensor {
    expectChannelsLast("GroupNorm", x.shape, this.numChannels);
    if (x.shape.at(-1) !== this.numChannels)
      throw new ShapeError(`GroupNorm: input ${showShape(x.shape)}, expected [N, ..., ${this.numChannels}]`);
    return F.groupNorm(x, this.numGroups, this.weight, this.bias, { eps: this.eps });
  }

  override extraRepr(): string {
    const { numGroups, numChannels, eps, weight } = this;
    return showNumbers({ numGroups, numChannels, eps, affine: weight !== null });
  }
}

/** Normalisation of each channel of every picture by itself (Ulyanov et al. 2016; torch.nn.InstanceNorm2d): [N, H, W, C] -> the same. */
export class InstanceNorm2d extends ChannelNorm {
  readonly numFeatures: number;

  constructor(numFeatures: number, options: GroupNormOptions = {}) {
    expectOptions("InstanceNorm2d", options, "new nn.InstanceNorm2d(32, { affine: true })");
    super(numFeatures, options.affine ?? false, options);
    this.numFeatures = numFeatures;
  }

  forward(x: Tensor): Tensor {
    expectChannelsLast("InstanceNorm2d", x.shape, this.numFeatures);
    if (x.rank !== 4 || x.shape[3] !== this.numFeatures)
      throw new ShapeError(`InstanceNorm2d: input ${showShape(x.shape)}, expected [N, H, W, ${this.numFeatures}]`);
    return F.instanceNorm(x, this.weight, this.bias, { eps: this.eps });
  }

  override extraRepr(): string {
    const { numFeatures, eps, weight } = this;
    return showNumbers({ numFeatures, eps, affine: weight !== null });
  }
}
