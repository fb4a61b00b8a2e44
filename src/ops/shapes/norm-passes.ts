import type { Shape } from "../../tensor/shape.js";
import type { NormPassOps } from "../spec/norm-passes.js";
import { expectChannels, expectSame } from "./checks.js";
import { normalisationShapes } from "./normalisation.js";
import { productsShapes } from "./products.js";
import type { ShapeRule } from "./rule.js";

/** Inputs of a branch in batchNormGradSums: x, gamma, mean, variance. */
const PER_BRANCH = 4;

const stacked = (count: number, [channels]: Shape): Shape => [count, channels!];

const POINTWISE = { stride: [1, 1], padding: [0, 0], dilation: [1, 1], groups: 1 } as const;

export const normPassShapes: { readonly [K in keyof NormPassOps]: ShapeRule<K> } = {
  batchNormStatistics: (inputs, attrs) => {
    const [, mean, variance] = normalisationShapes.batchNorm(inputs, attrs);
    return [mean, variance, stacked(3, mean)];
  },
  conv2dStatistics: ([x, w, gamma, beta], attrs) => {
    const [z] = productsShapes.conv2d([x, w], POINTWISE);
    expectSame(z.slice(0, -1), x.slice(0, -1), "conv2dStatistics: positions");
    return [z, ...normPassShapes.batchNormStatistics([z, gamma, beta], attrs)];
  },
  batchNormSum: (inputs, { normalized }) => {
    const [x] = inputs;
    for (const term of inputs.slice(0, normalized.length)) expectSame(term, x, "batchNormSum: terms");
    for (const coefficients of inputs.slice(normalized.length))
      expectSame(coefficients, stacked(3, x.slice(-1)), "batchNormSum: coefficients");
    return [x];
  },
  batchNormGradSums: ([dy, ...branches], { eps }) => {
    const outputs = eps.flatMap((_, i): Shape[] => {
      const [x, ...vectors] = branches.slice(PER_BRANCH * i, PER_BRANCH * (i + 1)) as [Shape, Shape, Shape, Shape];
      expectSame(dy, x, "batchNormGradSums");
      expectChannels("batchNormGradSums", x, vectors);
      return [vectors[0]!, vectors[0]!, stacked(4, vectors[0]!)];
    });
    return outputs as [Shape, ...Shape[]];
  },
  batchNormInputGrad: ([dy, x, coefficients]) => {
    expectSame(dy, x, "batchNormInputGrad");
    expectSame(coefficients, stacked(4, x.slice(-1)), "batchNormInputGrad: coefficients");
    return [x];
  },
  normedInputGrad: ([dy, z, coefficients, w, x, ofSkip], { hasSkip, behind }) => {
    normPassShapes.batchNormInputGrad([dy, z, coefficients], {});
    const inputShape = [...dy.slice(0, -1), w[2]!];
    const [dx] = productsShapes.conv2dInputGrad([dy, w], { ...POINTWISE, inputShape });
    if (hasSkip) normPassShapes.batchNormInputGrad([dy, x!, ofSkip!], {});
    if (behind !== "none") expectSame(x!, dx, "normedInputGrad: x");
    return [z, dx, ...(behind === "biasRelu" ? [dx.slice(-1)] : [])] as [Shape, Shape, ...Shape[]];
  },
};
