/** Every convolution of a training step of S0: stem, depthwise and pointwise; forward, input gradient, weight gradient. */
import type { Conv2dAttrs } from "../../src/ops/spec.js";
import { bytesOf, type Case, opCase } from "../measure/case.js";
import { type Layer, s0Layers } from "../work/layers.js";

interface Kind {
  readonly group: string;
  readonly kernelSize: number;
  readonly perStep: number;
}

function cases(layer: Layer, { group, kernelSize: k, perStep }: Kind, batch: number): Case[] {
  const { type, inChannels, outChannels, stride, inSize, outSize } = layer;
  const groups = type === "depthwise" ? inChannels : 1;
  const x = [batch, inSize, inSize, inChannels];
  const w = [k, k, inChannels / groups, outChannels];
  const y = [batch, outSize, outSize, outChannels];
  const pad = (k - 1) / 2;
  const attrs: Conv2dAttrs = { stride: [stride, stride], padding: [pad, pad], dilation: [1, 1], groups };
  const flops = 2 * batch * outSize ** 2 * k * k * (inChannels / groups) * outChannels;
  const where = type === "depthwise" ? `${inChannels}@${inSize} s${stride}` : `${inChannels}→${outChannels}@${outSize}`;
  const row = { group, flops, perStep };
  // a 1×1 window that strides passes over most of x
  const extraBytes = k < stride ? bytesOf(x) * ((k / stride) ** 2 - 1) : 0;
  return [
    opCase({ ...row, name: `${group} ${where} forward`, op: "conv2d", shapes: [x, w], attrs, extraBytes }),
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
      extraBytes,
    }),
  ];
}

/** The branches of a block: its convolutions, and the 1×1 one beside a larger one. */
function kindsOf({ type, convs, scales }: Layer): Kind[] {
  const kinds: Kind[] = [{ group: type, kernelSize: type === "pointwise" ? 1 : 3, perStep: convs }];
  if (scales > 0) kinds.push({ group: `${type} scale`, kernelSize: 1, perStep: scales });
  return kinds;
}

export const convolution = (batch: number, imageSize: number): readonly Case[] =>
  s0Layers(imageSize).flatMap((layer) => kindsOf(layer).flatMap((kind) => cases(layer, kind, batch)));
