/**
 * One MobileOne block in its two forms (Vasu et al. 2023, figure 3): many branches to train, one convolution to deploy.
 * Two classes, no switch inside: reparameterize.ts turns the first into the second. Key names are mmpretrain's.
 */

import { type Conv2dBiasOptions, conv2dBias } from "../../chapters/epilogue.js";
import { BatchNorm2d } from "../../nn/batch-norm.js";
import { Conv2d } from "../../nn/conv.js";
import { Module } from "../../nn/module.js";
import type { LayerOptions } from "../../nn/parameter.js";
import { SqueezeExcite } from "../../nn/squeeze-excite.js";
import * as F from "../../ops/functional/index.js";
import { scope } from "../../tensor/scope.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { TrainingChoice, TrainingForm } from "../training-choice.js";
import { fixedBranches, isFixed } from "./fixed-branches.js";
import { foldedBranches, isFoldable } from "./folded-training.js";
import { autoForm } from "./training-form.js";
import { type BlockSpec, hasScale, hasSkip } from "./variants.js";

/** A convolution without bias and its batch norm. */
export class ConvNorm extends Module {
  readonly conv: Conv2d;
  readonly norm: BatchNorm2d;

  /** The block's convolution, or with kernelSize 1 its scale branch, which needs no padding. */
  constructor(spec: BlockSpec, kernelSize: number, layer: LayerOptions) {
    super();
    const { inChannels, outChannels, stride, dilation, groups } = spec;
    const padding = kernelSize === 1 ? 0 : spec.padding;
    this.conv = this.child(
      "conv",
      new Conv2d(inChannels, outChannels, { kernelSize, stride, padding, dilation, groups, bias: false, ...layer }),
    );
    this.norm = this.child("norm", new BatchNorm2d(outChannels, layer));
  }

  forward(x: Tensor): Tensor {
    return scope(() => this.norm.forward(this.conv.forward(x)));
  }
}

const excite = (spec: BlockSpec, layer: LayerOptions): SqueezeExcite | null =>
  spec.squeezeExciteRatio === null
    ? null
    : new SqueezeExcite(spec.outChannels, { ratio: spec.squeezeExciteRatio, ...layer });

/** Training form: y = relu(se(skip(x) + scale(x) + Σ convs(x))), [N, H, W, Cin] -> [N, OH, OW, Cout]. */
export class MobileOneBlock extends Module {
  readonly spec: BlockSpec;
  readonly squeezeExcite: SqueezeExcite | null;
  readonly skip: BatchNorm2d | null;
  readonly scale: ConvNorm | null;
  readonly convs: readonly ConvNorm[];
  /** How it trains; the function and the state dict are the same. */
  readonly trainingChoice: TrainingChoice;
  isFixed = false;

  constructor(spec: BlockSpec, layer: LayerOptions = {}, trainingChoice: TrainingChoice = "plain") {
    super();
    this.spec = spec;
    this.trainingChoice = trainingChoice;
    // registered in mmpretrain's order, which is also that of its optimiser state
    const squeezeExcite = excite(spec, layer);
    this.squeezeExcite = squeezeExcite && this.child("se", squeezeExcite);
    this.skip = hasSkip(spec) ? this.child("branch_norm", new BatchNorm2d(spec.outChannels, layer)) : null;
    this.scale = hasScale(spec) ? this.child("branch_scale", new ConvNorm(spec, 1, layer)) : null;
    this.convs = Array.from({ length: spec.numConvBranches }, (_, i) =>
      this.child(`branch_conv_list.${i}`, new ConvNorm(spec, spec.kernelSize, layer)),
    );
  }

  /** The branches there are, in the order in which mmpretrain sums them. */
  get branches(): readonly (BatchNorm2d | ConvNorm)[] {
    return [this.skip, this.scale, ...this.convs].filter((branch) => branch !== null);
  }

  forward(x: Tensor): Tensor {
    return scope(() => {
      const { squeezeExcite } = this;
      const isShort = this.trainingChoice !== "plain" && (this.isFixed || this.training) && isFixed(this);
      const form = isShort ? "fixed" : this.formFor(x);
      if (form === "plain") return activate(this.sumOfBranches(x), squeezeExcite);
      const asOne = form === "fixed" ? fixedBranches : foldedBranches;
      return squeezeExcite ? activate(asOne(this, x, "none"), squeezeExcite) : asOne(this, x, "relu");
    });
  }

  /** The form in which x [N, H, W, Cin] would be computed now; in evaluation there is only the plain one. */
  formFor(x: Tensor): TrainingForm {
    if (this.trainingChoice === "plain" || !isFoldable(this)) return "plain";
    if (this.trainingChoice === "folded") return "folded";
    return autoForm(this.spec, x.shape, x.backend);
  }

  /** Σ branches(x); each branch is freed once it is added. */
  sumOfBranches(x: Tensor): Tensor {
    let total: Tensor | null = null;
    for (const branch of this.branches) {
      const y = branch.forward(x);
      if (total === null) total = y;
      else {
        const sum: Tensor = F.add(total, y);
        total.dispose();
        y.dispose();
        total = sum;
      }
    }
    return total!;
  }
}

/** Deploy form: y = relu(se(conv(x) + b)), [N, H, W, Cin] -> [N, OH, OW, Cout]. */
export class DeployedBlock extends Module {
  readonly spec: BlockSpec;
  readonly squeezeExcite: SqueezeExcite | null;
  readonly conv: Conv2d;
  /** Of the convolution and the relu behind it: one object for all calls. */
  readonly #fused: Conv2dBiasOptions;

  constructor(spec: BlockSpec, layer: LayerOptions = {}) {
    super();
    this.spec = spec;
    const squeezeExcite = excite(spec, layer);
    this.squeezeExcite = squeezeExcite && this.child("se", squeezeExcite);
    const { inChannels, outChannels, kernelSize, stride, padding, dilation, groups } = spec;
    this.conv = this.child(
      "branch_reparam",
      new Conv2d(inChannels, outChannels, { kernelSize, stride, padding, dilation, groups, ...layer }),
    );
    this.#fused = { ...this.conv.options, activation: "relu" };
  }

  forward(x: Tensor): Tensor {
    const { conv, squeezeExcite } = this;
    return scope(() =>
      squeezeExcite ? activate(conv.forward(x), squeezeExcite) : conv2dBias(x, conv.weight, conv.bias!, this.#fused),
    );
  }
}

/** relu(se(z)). */
const activate = (z: Tensor, squeezeExcite: SqueezeExcite | null): Tensor =>
  F.relu(squeezeExcite ? squeezeExcite.forward(z) : z);
