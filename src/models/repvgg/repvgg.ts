/**
 * RepVGG (Ding et al. 2021): a plain chain of 3×3 blocks, global pooling, a classifier. It trains branch by branch
 * (docs/folded-training.md 5 says why). State-dict keys are DingXiaoH/RepVGG's: stage0.…, stage1.0.…, linear.….
 */
import { initialize } from "../../nn/init.js";
import type { Linear } from "../../nn/linear.js";
import { Classifier, type ModelOptions } from "../classifier.js";
import { expectPlain } from "../training-choice.js";
import { DeployedRepVggBlock, RepVggBlock } from "./block.js";
import { blockSpecs, type RepVggVariant } from "./variants.js";

/**
 * RepVGG (Ding et al. 2021, arXiv:2101.03697), [N, H, W, inChannels] -> logits [N, numClasses], in its training form or its
 * deploy form.
 */
export class RepVgg extends Classifier {
  readonly variant: RepVggVariant;
  readonly blocks: readonly (RepVggBlock | DeployedRepVggBlock)[];

  /** [N, H, W, inChannels] -> logits [N, numClasses]. Throws UsageError for counts that are not positive integers, and folded training. */
  constructor(variant: RepVggVariant, options: ModelOptions = {}) {
    super(options);
    const { seed = 0, init = "random", training } = options;
    expectPlain("RepVGG", training);
    this.variant = variant;
    const layer = { dtype: this.dtype, init: "zeros" } as const;
    const specs = blockSpecs(variant, this.inChannels);
    this.blocks = specs.map((spec) =>
      this.child(spec.name, this.isDeployed ? new DeployedRepVggBlock(spec, layer) : new RepVggBlock(spec, layer)),
    );
    this.attachClassifier("linear", specs.at(-1)!.outChannels);
    // repvgg.py leaves every layer at PyTorch's own values
    if (init === "random") initialize(this, { seed });
  }

  protected initializeClassifier(classifier: Linear, seed: number): void {
    initialize(classifier, { seed });
  }
}
