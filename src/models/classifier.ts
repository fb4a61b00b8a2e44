/**
 * A network that sorts images into classes: a chain of blocks, global average pooling, one linear layer. Softmax is not part of
 * it. Each family of models (family.ts) extends it; train, io and the command line know no more of a model than this.
 */

import { globalAvgPool } from "../chapters/pooling.js";
import { BatchNorm2d } from "../nn/batch-norm.js";
import { Linear } from "../nn/linear.js";
import { Module } from "../nn/module.js";
import type { FloatDType, LayerOptions } from "../nn/parameter.js";
import { chain } from "../nn/sequential.js";
import type { StateDifference } from "../nn/state-dict.js";
import { scope } from "../tensor/scope.js";
import type { Tensor } from "../tensor/tensor.js";
import { UsageError } from "../util/errors.js";
import type { TrainingChoice } from "./training-choice.js";

/** What createModel() takes beside a name. */
export interface ModelOptions {
  /** Default 1000, ImageNet's. */
  readonly numClasses?: number;
  /** Channels of the images. Default 3. */
  readonly inChannels?: number;
  /** Of the initial weights. Default 0. */
  readonly seed?: number;
  readonly dtype?: FloatDType;
  /** One convolution where the training form has branches and batch norms, for deploy-form weights. Default false. */
  readonly deploy?: boolean;
  /** "zeros" where all weights are about to be loaded. Default "random". */
  readonly init?: LayerOptions["init"];
  /**
   * How blocks train: branch by branch ("plain"), folded through the moments of their inputs, which is the same function
   * and several times less work where there are many branches ("folded", for MobileOne), or what is cheaper for each ("auto";
   * always plain on a backend without float64's digits, which folding needs). Default "auto".
   */
  readonly training?: TrainingChoice;
}

/** A step of the chain, named as in state dicts without what stands before every block. */
export interface Block extends Module {
  readonly spec: { readonly name: string; readonly outChannels: number; readonly stride: number };
  /** Set while a model trains and the block stays as it is: one that can, computes the same in a shorter way. */
  isFixed?: boolean;
}

/** What comes out of a stage. */
export interface FeatureInfo {
  /** Its blocks' name in the state dict, without their number: "stage1", "layer1". */
  readonly module: string;
  /** Image pixels a side for one of its own, up to rounding. */
  readonly stride: number;
  readonly channels: number;
}

/** Which outputs features() gives. */
export interface FeatureOptions {
  /** Of `featureInfo`, rising; negative ones count from the last. */
  readonly outIndices: readonly number[];
}

const stageOf = ({ spec }: Block): string => spec.name.split(".")[0]!;

/** A file of the deploy form has no statistics of batch norms. */
const STATISTICS = /(^|\.)running_var$/;

const checkCount = (where: string, name: string, value: number): void => {
  if (!Number.isInteger(value) || value < 1)
    throw new UsageError(`${where}: ${name} is ${value}, expected a positive integer`);
};

/**
 * The base of every model of images (nn.Module): [N, H, W, inChannels] -> logits [N, numClasses], by way of features(x) and
 * a classifier.
 */
export abstract class Classifier extends Module {
  readonly inChannels: number;
  readonly dtype: FloatDType;
  readonly isDeployed: boolean;
  /** The row of data that it was built from. */
  abstract readonly variant: object;
  /** From the image to the features. */
  abstract readonly blocks: readonly Block[];
  #numClasses: number;
  #head: { readonly name: string; readonly linear: Linear } | null = null;
  /** Blocks from the first on that stay as they are. */
  #frozenBlocks: readonly Block[] = [];
  #normEval = false;

  /** Throws UsageError for numbers of classes or channels that are not positive integers. */
  constructor({ numClasses = 1000, inChannels = 3, dtype = "float32", deploy = false }: ModelOptions) {
    super();
    checkCount(this.constructor.name, "numClasses", numClasses);
    checkCount(this.constructor.name, "inChannels", inChannels);
    this.#numClasses = numClasses;
    this.inChannels = inChannels;
    this.dtype = dtype;
    this.isDeployed = deploy;
  }

  /** Outputs of the classifier. */
  get numClasses(): number {
    return this.#numClasses;
  }

  /** What its entries start with in the state dict. */
  get classifierName(): string {
    return this.#ownHead().name;
  }

  /** The linear layer behind the pooled features. */
  get classifier(): Linear {
    return this.#ownHead().linear;
  }

  #ownHead() {
    if (!this.#head) throw new UsageError(`${this.constructor.name}: the classifier is not attached yet`);
    return this.#head;
  }

  #newHead(features: number, numClasses: number): Linear {
    return new Linear(features, numClasses, { dtype: this.dtype, init: "zeros" });
  }

  /** Registers the classifier behind `features` channels, all zeros; for constructors, after the blocks. */
  protected attachClassifier(name: string, features: number): void {
    this.#head = { name, linear: this.child(name, this.#newHead(features, this.#numClasses)) };
  }

  /** Gives a fresh classifier the family's initial values. */
  protected abstract initializeClassifier(classifier: Linear, seed: number): void;

  /** [N, H, W, inChannels] -> logits [N, numClasses]. */
  forward(x: Tensor): Tensor {
    return scope(() => this.classifier.forward(globalAvgPool(this.features(x))));
  }

  /** Stage by stage, from the stem on, as timm's feature_info: strides and channels of what features() gives by outIndices. */
  get featureInfo(): readonly FeatureInfo[] {
    let stride = 1;
    return this.#stages().map((blocks) => {
      for (const { spec } of blocks) stride *= spec.stride;
      return { module: stageOf(blocks[0]!), stride, channels: blocks.at(-1)!.spec.outChannels };
    });
  }

  #stages(): Block[][] {
    const stages: Block[][] = [];
    for (const block of this.blocks) {
      const last = stages.at(-1);
      if (last && stageOf(last[0]!) === stageOf(block)) last.push(block);
      else stages.push([block]);
    }
    return stages;
  }

  /**
   * The last block's output: [N, H, W, inChannels] -> [N, H/32, W/32, C]; with `outIndices` those of several stages, for
   * detection and segmentation: [N, H/stride, W/stride, channels] as `featureInfo` has them. Throws UsageError for stages that
   * are not there.
   */
  features(x: Tensor): Tensor;
  features(x: Tensor, options: FeatureOptions): Tensor[];
  features(x: Tensor, options?: FeatureOptions): Tensor | Tensor[] {
    if (!options) return chain(this.blocks, x);
    const stages = this.#stages();
    const wanted = options.outIndices.map((index) => (index < 0 ? index + stages.length : index));
    const isRising = wanted.every((index, i) => i === 0 || index > wanted[i - 1]!);
    if (wanted.length === 0 || !isRising || wanted.some((index) => !stages[index]))
      throw new UsageError(
        `features: outIndices [${options.outIndices.join(", ")}], expected rising ones from 0 to ${stages.length - 1}`,
        `the stages are ${this.featureInfo.map(({ module, stride }, i) => `${i} ${module} (stride ${stride})`).join(", ")}`,
      );
    const outputs: Tensor[] = [];
    let y = x;
    for (const [i, blocks] of stages.slice(0, wanted.at(-1)! + 1).entries()) {
      const input = y;
      y = chain(blocks, input);
      // what nobody asked for is freed as soon as it was used; a gradient keeps what it needs
      if (input !== x && !wanted.includes(i - 1) && !input.isKept) input.dispose();
      if (wanted.includes(i)) outputs.push(y);
    }
    return outputs;
  }

  /**
   * A fresh classifier of `numClasses` outputs in the place of the old one, which is freed; an optimiser made before holds
   * the old parameters. Throws UsageError for a numClasses that is not a positive integer.
   */
  resetClassifier(numClasses: number, { seed = 0 }: { readonly seed?: number } = {}): void {
    checkCount("resetClassifier", "numClasses", numClasses);
    const { name, linear: old } = this.#ownHead();
    const linear = this.#newHead(old.weight.shape[0]!, numClasses);
    this.initializeClassifier(linear, seed);
    this.#head = { name, linear: this.replaceChild(name, linear) };
    this.#numClasses = numClasses;
  }

  /**
   * Keeps the weights and statistics of the first stages as they are (mmpretrain's frozen_stages): -1 of none, 0 of the stem, n of
   * the stem and of n stages behind it. They get no gradients and stay in evaluation mode, also after train(); an optimiser is made
   * afterwards. `normEval` keeps the statistics of all batch norms of the backbone, and normalises by them. Throws UsageError for
   * stages that are not there.
   *
   * @example
   * ```ts
   * const model = models.createModel("mobileone_s0", { numClasses: 5 });
   * model.freezeStages(2);
   * console.log(model.frozenNames().has("backbone.stage2.0.branch_norm.weight")); // true
   * ```
   */
  freezeStages(frozenStages: number, { normEval = false }: { readonly normEval?: boolean } = {}): void {
    const stages = this.#stages();
    if (!Number.isInteger(frozenStages) || frozenStages < -1 || frozenStages >= stages.length)
      throw new UsageError(
        `freezeStages: ${frozenStages} stages, expected -1 to ${stages.length - 1}`,
        `-1 freezes none, 0 the stem, ${stages.length - 1} all but the classifier`,
      );
    for (const block of this.#frozenBlocks) {
      block.requiresGrad_();
      block.isFixed = false;
    }
    this.#frozenBlocks = stages.slice(0, frozenStages + 1).flat();
    for (const block of this.#frozenBlocks) block.freeze();
    this.#normEval = normEval;
    this.train(this.training);
  }

  protected override modeChanged(isTraining: boolean): void {
    for (const block of this.#frozenBlocks) {
      block.eval();
      block.isFixed = isTraining;
    }
    if (!isTraining || !this.#normEval) return;
    for (const module of this.namedModules().values()) if (module instanceof BatchNorm2d) module.eval();
  }

  /** Entries of the state dict that training leaves as they are: of frozen stages, and the statistics under `normEval`. */
  frozenNames(): ReadonlySet<string> {
    const frozen = new Set(this.#frozenBlocks.flatMap((block) => [...block.stateDict().values()]));
    if (this.#normEval)
      for (const module of this.namedModules().values())
        if (module instanceof BatchNorm2d) for (const buffer of module.buffers()) frozen.add(buffer);
    return new Set([...this.stateDict()].flatMap(([name, tensor]) => (frozen.has(tensor) ? [name] : [])));
  }

  /** Whether a state dict is of the other form, or of another number of classes. */
  override explain({ missing, unexpected, misshapen }: StateDifference): string | undefined {
    const hasStatistics = (names: readonly string[]) => names.some((name) => STATISTICS.test(name));
    if (!this.isDeployed && hasStatistics(missing) && unexpected.length > 0 && !hasStatistics(unexpected))
      return "these are deploy-form weights: createModel(name, { deploy: true })";
    if (this.isDeployed && hasStatistics(unexpected))
      return "these are training-form weights: createModel(name), then reparameterize";
    const isHead = ({ name }: { readonly name: string }) => name.startsWith(`${this.#head?.name}.`);
    const head = misshapen.find(isHead);
    if (!head || !misshapen.every(isHead)) return undefined;
    // the bias has no other side; of a matrix it is the one that is not the features, whatever the layout
    const bias = misshapen.find(({ given }) => given.length === 1);
    const classes = bias ? bias.given[0] : head.given.find((side) => !head.expected.includes(side));
    if (classes === undefined) return undefined;
    return `the classifier has another size: createModel(name, { numClasses: ${classes} })`;
  }
}
