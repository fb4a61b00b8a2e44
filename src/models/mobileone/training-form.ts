/**
 * Which form a block trains in: branch by branch, or folded through the moments of its patches (folded-training.ts). Both
 * are the same function; the rule compares what one step of each computes and moves, at the speeds that the backend tells.
 */
import { windowOutput } from "../../ops/window-output.js";
import type { Shape } from "../../tensor/shape.js";
import type { Speeds } from "../../tensor/speeds.js";
import type { TrainingBackend, TrainingCost, TrainingForm } from "../training-choice.js";
import { type BlockSpec, hasScale, hasSkip } from "./variants.js";

const FLOAT_BYTES = 4;

/** Passes over a branch's output: statistics, normalisation, sum; the two passes of its gradient, and the sum of dx. */
const NORM_PASSES = 3 + 3 + 5 + 3;
/** Bias; the moments' read of x; the sum of the two parts of dx. */
const FOLDED_PASSES = { out: 3, in: 2 + 5 };
/** Forward, input gradient, weight gradient. */
const CONV_PRODUCTS = 3;
/** Products of 3×3 patches that share rows (wasm kernels/moments/depthwise): 6 + 9 + 9 with stride 1, all 45 otherwise. */
export const depthwiseMomentProducts = (stride: number): number => (stride === 1 ? 24 : 45);
/** Offsets between two taps of a 3×3 window: what the gradient of its moments gathers. */
export const DEPTHWISE_GRADIENT_PRODUCTS = 25;

/** Costs of both forms for x [N, H, W, Cin]. */
export function trainingCosts(spec: BlockSpec, [n, h, w]: Shape): Readonly<Record<TrainingForm, TrainingCost>> {
  const { inChannels, outChannels, kernelSize, stride, padding, dilation, groups, numConvBranches } = spec;
  const inputs = n! * h! * w!;
  const positions =
    n! *
    windowOutput(h!, kernelSize, stride, padding, dilation) *
    windowOutput(w!, kernelSize, stride, padding, dilation);
  const perGroup = inChannels / groups;
  const patch = kernelSize ** 2 * perGroup;
  const conv = positions * patch * outChannels;
  const scale = hasScale(spec) ? positions * perGroup * outChannels : 0;
  const branches = numConvBranches + Number(hasScale(spec)) + Number(hasSkip(spec));
  // the image itself needs no gradient
  const isFirst = spec.type === "stem";
  const products = isFirst ? CONV_PRODUCTS - 1 : CONV_PRODUCTS;
  const isDepthwise = groups > 1 && perGroup === 1 && kernelSize === 3;
  const moments = isDepthwise
    ? positions * outChannels * depthwiseMomentProducts(stride) + inputs * inChannels * DEPTHWISE_GRADIENT_PRODUCTS
    : positions * groups * patch * ((patch + 1) / 2 + (isFirst ? 0 : patch));
  return {
    plain: {
      macs: products * (numConvBranches * conv + scale),
      doubleMacs: 0,
      elements: branches * NORM_PASSES * positions * outChannels,
    },
    folded: {
      macs: products * conv + moments,
      // Σw of every branch, and half as much (by symmetry) for the gradient of Σ
      doubleMacs: 1.5 * branches * patch ** 2 * outChannels,
      elements: FOLDED_PASSES.out * positions * outChannels + FOLDED_PASSES.in * inputs * inChannels,
    },
  };
}

/** Seconds on one thread of the machine that the speeds were measured on. */
export const trainingSeconds = (
  { groups }: BlockSpec,
  { macs, doubleMacs, elements }: TrainingCost,
  speeds: Speeds,
): number =>
  macs / (groups > 1 ? speeds.groupedProducts : speeds.products) +
  doubleMacs / speeds.doubleProducts +
  (FLOAT_BYTES * elements) / speeds.bytes;

/** The cheaper form for x [N, H, W, Cin] at these speeds. */
export function cheaperForm(spec: BlockSpec, input: Shape, speeds: Speeds): TrainingForm {
  const { folded, plain } = trainingCosts(spec, input);
  return trainingSeconds(spec, folded, speeds) < trainingSeconds(spec, plain, speeds) ? "folded" : "plain";
}

/**
 * What "auto" takes: the cheaper form, but branch by branch where the backend tells no speeds, and where its float64 has only
 * float32's digits, with which the folded form loses too much (a gradient error of 26 % against 6 %).
 */
export const autoForm = (spec: BlockSpec, input: Shape, { speeds, hasFloat64Digits }: TrainingBackend): TrainingForm =>
  speeds === undefined || hasFloat64Digits === false ? "plain" : cheaperForm(spec, input, speeds);
