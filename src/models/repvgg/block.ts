/**
 * One RepVGG block in its two forms (Ding et al. 2021, figure 4): a 3×3 and a 1×1 convolution with their batch norms and,
 * where the shapes allow it, a batch norm alone to train; one 3×3 convolution to deploy. Key names are DingXiaoH/RepVGG's.
 */

import { type Conv2dBiasOptions, conv2dBias } from "../../chapters/epilogue.js";
import { BatchNorm2d } from "../../nn/batch-norm.js";
import { Conv2d } from "../../nn/conv.js";
import { Module } from "../../nn/module.js";
import type { LayerOptions } from "../../nn/parameter.js";
import * as F from "../../ops/functional/index.js";
import { scope } from "../../tensor/scope.js";
import type { Tensor } from "../../tensor/tensor.js";
import { hasIdentity, type RepVggSpec } from "./variants.js";

/** A convolution without bias and its batch norm, [N, H, W, Cin] -> [N, OH, OW, Cout]. */
export class ConvNorm extends Module {
  readonly conv: Conv2d;
  readonly norm: BatchNorm2d;

  constructor({ inChannels, outChannels, stride }: RepVggSpec, kernelSize: 1 | 3, layer: LayerOptions) {
    super();
    const padding = (kernelSize - 1) / 2;
    this.conv = this.child(
      "conv",
      new Conv2d(inChannels, outChannels, { kernelSize, stride, padding, bias: false, ...layer }),
    );
    this.norm = this.child("bn", new BatchNorm2d(outChannels, layer));
  }

  forward(x: Tensor): Tensor {
    return scope(() => this.norm.forward(this.conv.forward(x)));
  }
}

/** Training form: y = relu(dense(x) + pointwise(x) + identity(x)), [N, H, W, Cin] -> [N, OH, OW, Cout]. */
export class RepVggBlock extends Module {
  readonly spec: RepVggSpec;
  readonly identity: BatchNorm2d | null;
  readonly dense: ConvNorm;
  readonly pointwise: ConvNorm;

  constructor(spec: RepVggSpec, layer: LayerOptions = {}) {
    super();
    this.spec = spec;
    this.identity = hasIdentity(spec) ? this.child("rbr_identity", new BatchNorm2d(spec.inChannels, layer)) : null;
    this.dense = this.child("rbr_dense", new ConvNorm(spec, 3, layer));
    this.pointwise = this.child("rbr_1x1", new ConvNorm(spec, 1, layer));
  }

  forward(x: Tensor): Tensor {
    return scope(() => {
      const sum = F.add(this.dense.forward(x), this.pointwise.forward(x));
      return F.relu(this.identity ? F.add(sum, this.identity.forward(x)) : sum);
    });
  }
}

/** Deploy form: y = relu(conv(x) + b), [N, H, W, Cin] -> [N, OH, OW, Cout]. */
export class DeployedRepVggBlock extends Module {
  readonly spec: RepVggSpec;
  readonly conv: Conv2d;
  /** Of the convolution and the relu behind it: one object for all calls. */
  readonly #fused: Conv2dBiasOptions;

  constructor(spec: RepVggSpec, layer: LayerOptions = {}) {
    super();
    this.spec = spec;
    const { inChannels, outChannels, stride } = spec;
    this.conv = this.child(
      "rbr_reparam",
      new Conv2d(inChannels, outChannels, { kernelSize: 3, stride, padding: 1, ...layer }),
    );
    this.#fused = { ...this.conv.options, activation: "relu" };
  }

  forward(x: Tensor): Tensor {
    const { weight, bias } = this.conv;
    return conv2dBias(x, weight, bias!, this.#fused);
  }
}
