/**
 * MobileOne (Vasu et al. 2023): a stem, four stages of depthwise and pointwise blocks, global pooling, a classifier.
 * State-dict keys are mmpretrain's: backbone.stage0.…, backbone.stage1.0.…, head.fc.….
 */
import { initialize } from "../../nn/init.js";
import type { Linear } from "../../nn/linear.js";
import { Classifier, type ModelOptions } from "../classifier.js";
import { DeployedBlock, MobileOneBlock } from "./block.js";
import { mobileoneInit } from "./init.js";
import { type BlockSpec, blockSpecs, type Variant } from "./variants.js";

/** What a MobileOne is made with. */
export type MobileOneOptions = ModelOptions;

/**
 * MobileOne (Vasu et al. 2023, arXiv:2206.04040), [N, H, W, 3] -> logits [N, numClasses], in its training form or its deploy
 * form.
 *
 * @example
 * ```ts
 * const model = models.createModel("mobileone_s0", { numClasses: 10 });
 * const logits = model.forward(rand([2, 32, 32, 3]));
 * console.log(logits.shape); // [2, 10]
 * ```
 */
export class MobileOne extends Classifier {
  readonly variant: Variant;
  /** From the stem to the last pointwise block. */
  readonly blocks: readonly (MobileOneBlock | DeployedBlock)[];

  /** [N, H, W, inChannels] -> logits [N, numClasses]. Throws UsageError for counts that are not positive integers. */
  constructor(variant: Variant, options: MobileOneOptions = {}) {
    super(options);
    const { seed = 0, init = "random", training = "auto" } = options;
    this.variant = variant;
    const layer = { dtype: this.dtype, init: "zeros" } as const;
    const blockOf = (spec: BlockSpec) =>
      this.isDeployed ? new DeployedBlock(spec, layer) : new MobileOneBlock(spec, layer, training);
    const specs = blockSpecs(variant, this.inChannels);
    this.blocks = specs.map((spec) => this.child(`backbone.${spec.name}`, blockOf(spec)));
    this.attachClassifier("head.fc", specs.at(-1)!.outChannels);
    if (init === "random") initialize(this, { seed, rules: mobileoneInit });
  }

  protected initializeClassifier(classifier: Linear, seed: number): void {
    initialize(classifier, { seed, rules: mobileoneInit });
  }
}
