/**
 * ResNet-18 (He et al. 2016; torchvision/models/resnet.py): a 7×7 stem with max pooling, four stages of basic blocks, global
 * pooling, a classifier. State-dict keys are torchvision's: conv1.…, bn1.…, layer1.0.…, fc.….
 */
import { defaultInit, type InitRules, initialize } from "../../nn/init.js";
import type { Linear } from "../../nn/linear.js";
import { Classifier, type ModelOptions } from "../classifier.js";
import { expectPlain } from "../training-choice.js";
import { BasicBlock, Stem } from "./blocks.js";
import { blockSpecs, type ResNetVariant } from "./variants.js";

/** torchvision's: convolutions Kaiming normal by fan_out, everything else PyTorch's own. */
const resnetInit: InitRules = {
  ...defaultInit,
  convWeight: { std: ([kh, kw, , cOut]) => Math.SQRT2 / Math.sqrt(kh! * kw! * cOut!) },
};

/** ResNet of basic blocks (He et al. 2016, arXiv:1512.03385), [N, H, W, inChannels] -> logits [N, numClasses]. */
export class ResNet extends Classifier {
  readonly variant: ResNetVariant;
  /** Private, because a field would name the stem's entries after it. */
  readonly #blocks: readonly (Stem | BasicBlock)[];

  /** [N, H, W, inChannels] -> logits [N, numClasses]. Throws UsageError for counts that are not positive integers, and folded training. */
  constructor(variant: ResNetVariant, options: ModelOptions = {}) {
    super(options);
    const { seed = 0, init = "random", training } = options;
    expectPlain("ResNet", training);
    this.variant = variant;
    const layer = { dtype: this.dtype, init: "zeros", deploy: this.isDeployed } as const;
    const stem = new Stem(this.inChannels, variant.widths[0], layer);
    // the stem's entries have no name before them
    for (const { names, conv, norm } of stem.convs) {
      this.child(names[0], conv);
      if (norm) this.child(names[1], norm);
    }
    const specs = blockSpecs(variant);
    this.#blocks = [stem, ...specs.map((spec) => this.child(spec.name, new BasicBlock(spec, layer)))];
    this.attachClassifier("fc", specs.at(-1)!.outChannels);
    if (init === "random") initialize(this, { seed, rules: resnetInit });
  }

  get blocks(): readonly (Stem | BasicBlock)[] {
    return this.#blocks;
  }

  protected initializeClassifier(classifier: Linear, seed: number): void {
    initialize(classifier, { seed, rules: resnetInit });
  }
}
