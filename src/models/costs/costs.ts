/**
 * What layers cost, for the summaries of the families. Counting rules: one MAC per product of a convolution or the
 * classifier, biases free; "activations" are convolution outputs (as fvcore and mmengine's get_flops count them).
 */
import { squeezedWidth } from "../../nn/squeeze-excite.js";
import type { Shape } from "../../tensor/shape.js";
import type { TrainingCost, TrainingForm } from "../training-choice.js";

/** Sums over one image and one form. */
export interface Costs {
  parameters: number;
  /** Tensors behind those parameters. */
  trainableTensors: number;
  stateEntries: number;
  batchNorms: number;
  /** Batch norms without a convolution before them. */
  skipNorms: number;
  /** Elements of running means, variances and counters. */
  bufferElements: number;
  convMacs: number;
  linearMacs: number;
  /** Elements that convolutions write. */
  activations: number;
  /** Elements that batch norms write. */
  normElements: number;
}

/** One block of a summary, with the costs of both forms. */
export interface SummaryRow {
  readonly name: string;
  /** "stem", "depthwise", "pointwise", "conv", "basic" or "linear". */
  readonly type: string;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: number;
  readonly stride: number;
  readonly groups: number;
  readonly branches: { readonly skip: boolean; readonly scale: boolean; readonly convs: number };
  readonly hasSqueezeExcite: boolean;
  /** [H, W, C], or [C] after pooling. */
  readonly outputShape: readonly number[];
  readonly train: Readonly<Costs>;
  readonly deploy: Readonly<Costs>;
}

/** Both forms of a block's training step. */
export interface TrainingRow {
  readonly name: string;
  readonly type: string;
  /** [N, H, W, Cin] */
  readonly inputShape: Shape;
  readonly plain: TrainingCost;
  readonly folded: TrainingCost;
  /** What the rule expects on one thread of the machine that the backend was measured on; null where it tells no speeds. */
  readonly plainMs: number | null;
  readonly foldedMs: number | null;
  readonly form: TrainingForm;
}

const nothing = (): Costs => ({
  parameters: 0,
  trainableTensors: 0,
  stateEntries: 0,
  batchNorms: 0,
  skipNorms: 0,
  bufferElements: 0,
  convMacs: 0,
  linearMacs: 0,
  activations: 0,
  normElements: 0,
});

export function sumCosts(costs: readonly Readonly<Costs>[]): Costs {
  const total = nothing();
  for (const one of costs) for (const key of Object.keys(total) as (keyof Costs)[]) total[key] += one[key];
  return total;
}

/** γ, β, running mean and variance per channel, and one counter. */
export const normCosts = (channels: number, area: number): Costs => ({
  ...nothing(),
  parameters: 2 * channels,
  trainableTensors: 2,
  stateEntries: 5,
  batchNorms: 1,
  bufferElements: 2 * channels + 1,
  normElements: channels * area,
});

/** A batch norm of a block's input alone. */
export const skipCosts = (channels: number, area: number): Costs => ({ ...normCosts(channels, area), skipNorms: 1 });

interface ConvShape {
  /** Input channels of one group. */
  readonly inPerGroup: number;
  readonly outChannels: number;
  readonly kernelSize: number;
}

/** A convolution whose output has `area` positions. */
export function convCosts({ inPerGroup, outChannels, kernelSize }: ConvShape, area: number, hasBias: boolean): Costs {
  const weights = inPerGroup * outChannels * kernelSize ** 2;
  return {
    ...nothing(),
    parameters: weights + (hasBias ? outChannels : 0),
    trainableTensors: hasBias ? 2 : 1,
    stateEntries: hasBias ? 2 : 1,
    convMacs: weights * area,
    activations: outChannels * area,
  };
}

/** A convolution without bias and its batch norm. */
export const convNormCosts = (shape: ConvShape, area: number): Costs =>
  sumCosts([convCosts(shape, area, false), normCosts(shape.outChannels, area)]);

/** Squeeze-and-excitation of `channels`; none where the ratio is null. */
export function squeezeExciteCosts(channels: number, ratio: number | null): Costs[] {
  if (ratio === null) return [];
  const width = squeezedWidth(channels, ratio);
  return [
    convCosts({ inPerGroup: channels, outChannels: width, kernelSize: 1 }, 1, true),
    convCosts({ inPerGroup: width, outChannels: channels, kernelSize: 1 }, 1, true),
  ];
}

/** The classifier called `name`. */
export function classifierRow(name: string, inChannels: number, numClasses: number): SummaryRow {
  const costs: Costs = {
    ...nothing(),
    parameters: (inChannels + 1) * numClasses,
    trainableTensors: 2,
    stateEntries: 2,
    linearMacs: inChannels * numClasses,
  };
  return {
    ...{ name, type: "linear", inChannels, outChannels: numClasses, kernelSize: 1, stride: 1, groups: 1 },
    branches: { skip: false, scale: false, convs: 0 },
    hasSqueezeExcite: false,
    outputShape: [numClasses],
    train: costs,
    deploy: costs,
  };
}
