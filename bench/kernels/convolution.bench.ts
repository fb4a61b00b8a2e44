/**
 * Every convolution of a training step of S0: stem, depthwise and pointwise; forward, input gradient, weight gradient. A folded
 * block has one, with bias and relu; the gradients are the same kernels.
 */
import type { Conv2dAttrs } from "../../src/ops/spec/index.js";
import { type Case, opCase } from "../measure/case.js";
import { type Layer, type LayerOptions, s0Layers } from "../work/layers.js";

interface Kind {
  readonly group: string;
  readonly kernelSize: number;
  /** Convolutions of a step in blocks that train branch by branch, and in folded ones. */
  readonly branches: number;
  readonly folded: number;
}

function cases(layer: Layer, { group, kernelSize: k, branches, folded }: Kind, batch: number): Case[] {
  const { type, inChannels, outChannels, stride, inSize, outSize } = layer;
  const groups = type === "depthwise" ? inChannels : 1;
  const x = [batch, inSize, inSize, inChannels];
  const w = [k, k, inChannels / groups, outChannels];
  const y = [batch, outSize, outSize, outChannels];
  const pad = (k - 1) / 2;
  const attrs: Conv2dAttrs = { stride: [stride, stride], padding: [pad, pad], dilation: [1, 1], groups };
  const where = type === "depthwise" ? `${inChannels}@${inSize} s${stride}` : `${inChannels}→${outChannels}@${outSize}`;
  const row = { group, perStep: branches + folded };
  return [
    opCase({ group, perStep: branches, name: `${group} ${where} forward`, op: "conv2d", shapes: [x, w], attrs }),
    // a scale branch is never a block of its own
    ...(k === 1 && type !== "pointwise"
      ? []
      : [
          opCase({
            ...{ group, perStep: folded, name: `${group} ${where} forward, bias, relu`, op: "conv2dBias" },
            shapes: [x, w, [outChannels]],
            attrs: { ...attrs, activation: "relu" },
          }),
        ]),
    // nobody asks for the gradient of the pictures
    ...(type === "stem"
      ? []
      : [
          opCase({
            ...row,
            name: `${group} ${where} dX`,
            op: "conv2dInputGrad",
            shapes: [y, w],
            attrs: { ...attrs, inputShape: x },
          }),
        ]),
    opCase({
      ...row,
      name: `${group} ${where} dW`,
      op: "conv2dWeightGrad",
      shapes: [x, y],
      attrs: { ...attrs, weightShape: w },
    }),
  ];
}

/** The branches of a block: its convolutions, and the 1×1 one beside a larger one. */
function kindsOf({ type, convs, scales, folded, branches }: Layer): Kind[] {
  const kinds: Kind[] = [{ group: type, kernelSize: type === "pointwise" ? 1 : 3, branches: convs, folded }];
  if (branches.scale) kinds.push({ group: `${type} scale`, kernelSize: 1, branches: scales, folded: 0 });
  return kinds;
}

export const convolution = (options: LayerOptions): readonly Case[] =>
  s0Layers(options).flatMap((layer) => kindsOf(layer).flatMap((kind) => cases(layer, kind, options.batch)));
