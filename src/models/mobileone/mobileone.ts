/**
 * MobileOne (Vasu et al. 2023): a stem, four stages of depthwise and pointwise blocks, global pooling, a classifier.
 * Softmax is not part of it. State-dict keys are mmpretrain's: backbone.stage0.…, backbone.stage1.0.…, head.fc.….
 */
import { initialize } from "../../nn/init.js";
import { Linear } from "../../nn/linear.js";
import { Module } from "../../nn/module.js";
import type { FloatDType, LayerOptions } from "../../nn/parameter.js";
import { chain } from "../../nn/sequential.js";
import * as F from "../../ops/functional.js";
import { scope } from "../../tensor/scope.js";
import type { Tensor } from "../../tensor/tensor.js";
import { UsageError } from "../../util/errors.js";
import { DeployedBlock, MobileOneBlock } from "./block.js";
import type { TrainingChoice } from "./training-form.js";
import { type BlockSpec, blockSpecs, type Variant } from "./variants.js";

export interface MobileOneOptions {
  /** Default 1000, ImageNet's. */
  readonly numClasses?: number;
  /** Of the initial weights. Default 0. */
  readonly seed?: number;
  readonly dtype?: FloatDType;
  /** One convolution per block, for deploy-form weights. Default false. */
  readonly deploy?: boolean;
  /** "zeros" where all weights are about to be loaded. Default "random". */
  readonly init?: LayerOptions["init"];
  /**
   * How blocks train: branch by branch ("plain"), folded through the moments of their inputs, which is the same function
   * and several times less work where there are many branches ("folded"), or what is cheaper for each ("auto"; always plain
   * on a backend without float64's digits, which folding needs). Default "auto".
   */
  readonly training?: TrainingChoice;
}

export class MobileOne extends Module {
  readonly variant: Variant;
  readonly numClasses: number;
  readonly dtype: FloatDType;
  readonly isDeployed: boolean;
  /** From the stem to the last pointwise block. */
  readonly blocks: readonly (MobileOneBlock | DeployedBlock)[];
  readonly classifier: Linear;

  /** [N, H, W, 3] -> logits [N, numClasses]. Throws UsageError for a numClasses that is not a positive integer. */
  constructor(variant: Variant, options: MobileOneOptions = {}) {
    super();
    const {
      numClasses = 1000,
      seed = 0,
      dtype = "float32",
      deploy = false,
      init = "random",
      training = "auto",
    } = options;
    if (!Number.isInteger(numClasses) || numClasses < 1)
      throw new UsageError(`MobileOne: numClasses is ${numClasses}, expected a positive integer`);
    this.variant = variant;
    this.numClasses = numClasses;
    this.dtype = dtype;
    this.isDeployed = deploy;
    const layer = { dtype, init: "zeros" } as const;
    const blockOf = (spec: BlockSpec) =>
      deploy ? new DeployedBlock(spec, layer) : new MobileOneBlock(spec, layer, training);
    const specs = blockSpecs(variant);
    this.blocks = specs.map((spec) => this.child(`backbone.${spec.name}`, blockOf(spec)));
    this.classifier = this.child("head.fc", new Linear(specs.at(-1)!.outChannels, numClasses, layer));
    if (init === "random") initialize(this, { seed });
  }

  forward(x: Tensor): Tensor {
    return scope(() => this.classifier.forward(F.globalAvgPool(this.features(x))));
  }

  /** The last block's output: [N, H, W, 3] -> [N, H/32, W/32, C]. */
  features(x: Tensor): Tensor {
    return chain(this.blocks, x);
  }
}
