/**
 * What a folded block has besides its convolution: moments of the patches and their gradient, the fold of the branches and
 * its two gradients. All blocks of S0, whether they train folded or not.
 */
import { DEPTHWISE_GRADIENT_PRODUCTS, depthwiseMomentProducts } from "../../src/models/mobileone/training-form.js";
import type { FoldAttrs, PatchAttrs } from "../../src/ops/spec/index.js";
import { type Shape, sizeOf } from "../../src/tensor/shape.js";
import { type Case, opCase } from "../measure/case.js";
import { type Layer, type LayerOptions, s0Layers } from "../work/layers.js";

/** Of one block: the flops of depthwise patches are those of products that patches share. */
function momentCases(layer: Layer, where: string, batch: number): Case[] {
  const { type, inChannels, outChannels, stride, inSize, outSize, folded } = layer;
  const isDepthwise = type === "depthwise";
  const kernel = type === "pointwise" ? 1 : 3;
  const groups = isDepthwise ? inChannels : 1;
  const k = (kernel * kernel * inChannels) / groups;
  const pad = (kernel - 1) / 2;
  const attrs: PatchAttrs = {
    ...{ kernelSize: [kernel, kernel], stride: [stride, stride], padding: [pad, pad], dilation: [1, 1], groups },
  };
  const x = [batch, inSize, inSize, inChannels];
  const [mean, covariance] = [
    [groups, k],
    [groups, k, k],
  ];
  const weight = [kernel, kernel, inChannels / groups, outChannels];
  const positions = batch * outSize ** 2;
  const row = { group: "moments", perStep: folded, attrs };
  return [
    opCase({
      ...{ ...row, name: `moments ${where}`, op: "patchMoments", shapes: [x] },
      ...(isDepthwise && { flops: 2 * positions * inChannels * depthwiseMomentProducts(stride) }),
    }),
    // nobody asks for the gradient of the pictures
    ...(type === "stem"
      ? []
      : [
          opCase({
            ...{ ...row, name: `moments ${where} backward`, op: "patchMomentsGrad" },
            // a compiled step has the row below in its place
            perStep: 0,
            shapes: [x, mean!, mean!, covariance!],
            ...(isDepthwise && { flops: 2 * sizeOf(x) * DEPTHWISE_GRADIENT_PRODUCTS }),
          }),
          opCase({
            ...{ ...row, name: `moments ${where} backward, convolution and relu`, op: "foldedInputGrad" },
            attrs: { ...attrs, behind: "biasRelu" },
            shapes: [[batch, outSize, outSize, outChannels], weight, x, mean!, mean!, covariance!],
            ...(isDepthwise && { flops: 2 * (sizeOf(x) * DEPTHWISE_GRADIENT_PRODUCTS + positions * outChannels * k) }),
          }),
        ]),
  ];
}

function foldCases({ type, inChannels, outChannels, branches, folded }: Layer, where: string): Case[] {
  const kernel = type === "pointwise" ? 1 : 3;
  const groups = type === "depthwise" ? inChannels : 1;
  const perGroup = inChannels / groups;
  const k = kernel * kernel * perGroup;
  const attrs: FoldAttrs = { kernelSize: [kernel, kernel], groups, hasIdentity: branches.skip, eps: 1e-5 };
  const kernels: Shape[] = [
    ...(branches.scale ? [[1, 1, perGroup, outChannels]] : []),
    ...Array.from({ length: branches.convs }, () => [kernel, kernel, perGroup, outChannels]),
  ];
  const count = kernels.length + Number(branches.skip);
  const vectors = Array.from({ length: 2 * count }, () => [outChannels]);
  const weight = [kernel, kernel, perGroup, outChannels];
  const [bias, mean, covariance, statistics] = [[outChannels], [groups, k], [groups, k, k], [count, outChannels]];
  const all = [...vectors, ...kernels];
  const row = { group: "fold", perStep: folded, attrs };
  return [
    opCase({ ...row, name: `fold ${where}`, op: "foldBranches", shapes: [mean!, covariance!, ...all] }),
    opCase({
      ...{ ...row, name: `fold ${where} backward`, op: "foldBranchesGrad" },
      shapes: [weight, bias!, mean!, statistics!, [count, k, outChannels], ...all],
    }),
    ...(type === "stem"
      ? []
      : [
          opCase({
            ...{ ...row, name: `fold ${where} backward to moments`, op: "foldMomentsGrad" },
            shapes: [statistics!, bias!, weight, statistics!, ...all],
          }),
        ]),
  ];
}

export const moments = (options: LayerOptions): readonly Case[] =>
  s0Layers(options).flatMap((layer) => {
    const { type, inChannels, outChannels, inSize, outSize, stride } = layer;
    const where =
      type === "depthwise"
        ? `depthwise ${inChannels}@${inSize} s${stride}`
        : `${type} ${inChannels}→${outChannels}@${outSize}`;
    return [...momentCases(layer, where, options.batch), ...foldCases(layer, where)];
  });
