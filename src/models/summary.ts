/**
 * What a model costs, read off its structure without running it: parameters, multiply-adds, elements, layer by layer and
 * in both forms. Counting rules: one MAC per product of a convolution or the classifier, biases free; "activations" are
 * convolution outputs (as fvcore and mmengine's get_flops count them).
 */
import { squeezedWidth } from "../nn/squeeze-excite.js";
import { windowOutput } from "../ops/shapes.js";
import { ShapeError } from "../util/errors.js";
import { MobileOne } from "./mobileone/mobileone.js";
import { type BlockSpec, blockSpecs, hasScale, hasSkip, type Variant } from "./mobileone/variants.js";
import { variantOf } from "./registry.js";

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

export interface SummaryRow {
  readonly name: string;
  readonly type: BlockSpec["type"] | "linear";
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

export interface Summary {
  readonly imageSize: readonly [h: number, w: number];
  readonly rows: readonly SummaryRow[];
  readonly totals: { readonly train: Readonly<Costs>; readonly deploy: Readonly<Costs> };
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

function sum(costs: readonly Readonly<Costs>[]): Costs {
  const total = nothing();
  for (const one of costs) for (const key of Object.keys(total) as (keyof Costs)[]) total[key] += one[key];
  return total;
}

/** γ, β, running mean and variance per channel, and one counter. */
const norm = (channels: number, area: number): Costs => ({
  ...nothing(),
  parameters: 2 * channels,
  trainableTensors: 2,
  stateEntries: 5,
  batchNorms: 1,
  bufferElements: 2 * channels + 1,
  normElements: channels * area,
});

function conv(inPerGroup: number, outChannels: number, kernelSize: number, area: number, hasBias: boolean): Costs {
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

function squeezeExcite({ outChannels, squeezeExciteRatio: ratio }: BlockSpec): Costs[] {
  if (ratio === null) return [];
  const width = squeezedWidth(outChannels, ratio);
  return [conv(outChannels, width, 1, 1, true), conv(width, outChannels, 1, 1, true)];
}

/** Costs of a block whose output has `area` positions. */
function blockCosts(spec: BlockSpec, area: number): Pick<SummaryRow, "train" | "deploy"> {
  const { inChannels, outChannels, kernelSize, groups, numConvBranches } = spec;
  const perGroup = inChannels / groups;
  const branch = (k: number): Costs[] => [conv(perGroup, outChannels, k, area, false), norm(outChannels, area)];
  return {
    train: sum([
      ...squeezeExcite(spec),
      ...(hasSkip(spec) ? [{ ...norm(outChannels, area), skipNorms: 1 }] : []),
      ...(hasScale(spec) ? branch(1) : []),
      ...Array.from({ length: numConvBranches }, () => branch(kernelSize)).flat(),
    ]),
    deploy: sum([...squeezeExcite(spec), conv(perGroup, outChannels, kernelSize, area, true)]),
  };
}

export interface SummaryOptions {
  /** One side of a square image, or [H, W]. Default 224. */
  readonly imageSize?: number | readonly [h: number, w: number];
  /** Default 1000, or the model's own. */
  readonly numClasses?: number;
}

/** The table and totals of a model, a registered name, or a variant. Throws ShapeError for an image size below 1. */
export function summarize(target: MobileOne | Variant | string, options: SummaryOptions = {}): Summary {
  const variant =
    typeof target === "string" ? variantOf(target) : target instanceof MobileOne ? target.variant : target;
  const { imageSize = 224, numClasses = target instanceof MobileOne ? target.numClasses : 1000 } = options;
  const size = typeof imageSize === "number" ? ([imageSize, imageSize] as const) : imageSize;
  if (size.some((side) => !Number.isInteger(side) || side < 1))
    throw new ShapeError(`summarize: image size ${size.join("x")}, expected positive integers`);
  let [h, w] = size;
  const rows: SummaryRow[] = blockSpecs(variant).map((spec) => {
    const { name, type, inChannels, outChannels, kernelSize, stride, padding, dilation, groups } = spec;
    h = windowOutput(h, kernelSize, stride, padding, dilation);
    w = windowOutput(w, kernelSize, stride, padding, dilation);
    return {
      ...{ name, type, inChannels, outChannels, kernelSize, stride, groups },
      branches: { skip: hasSkip(spec), scale: hasScale(spec), convs: spec.numConvBranches },
      hasSqueezeExcite: spec.squeezeExciteRatio !== null,
      outputShape: [h, w, outChannels],
      ...blockCosts(spec, h * w),
    };
  });
  rows.push(classifierRow(rows.at(-1)!.outChannels, numClasses));
  return {
    imageSize: size,
    rows,
    totals: { train: sum(rows.map((row) => row.train)), deploy: sum(rows.map((row) => row.deploy)) },
  };
}

function classifierRow(inChannels: number, numClasses: number): SummaryRow {
  const costs: Costs = {
    ...nothing(),
    parameters: (inChannels + 1) * numClasses,
    trainableTensors: 2,
    stateEntries: 2,
    linearMacs: inChannels * numClasses,
  };
  return {
    ...{ name: "head.fc", type: "linear", inChannels, outChannels: numClasses, kernelSize: 1, stride: 1, groups: 1 },
    branches: { skip: false, scale: false, convs: 0 },
    hasSqueezeExcite: false,
    outputShape: [numClasses],
    train: costs,
    deploy: costs,
  };
}
