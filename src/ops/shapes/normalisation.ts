import { showShape, sizeOf } from "../../tensor/shape.js";
import { ShapeError } from "../../util/errors.js";
import type { NormalisationOps } from "../spec/normalisation.js";
import { expectChannels, expectSame } from "./checks.js";
import type { ShapeRule } from "./rule.js";

export const normalisationShapes: { readonly [K in keyof NormalisationOps]: ShapeRule<K> } = {
  batchNorm: ([x, gamma, beta]) => {
    expectChannels("batchNorm", x, [gamma, beta]);
    const count = sizeOf(x.slice(0, -1));
    if (count < 2)
      throw new ShapeError(
        `batchNorm: input ${showShape(x)} has ${count} value per channel, training needs more than one`,
        "a larger batch, or model.eval()",
      );
    return [x, gamma, gamma];
  },
  batchNormGrad: ([dy, x, gamma, mean, variance]) => {
    expectSame(dy, x, "batchNormGrad");
    expectChannels("batchNormGrad", x, [gamma, mean, variance]);
    return [x, gamma, gamma];
  },
  batchNormEval: ([x, ...vectors]) => {
    expectChannels("batchNormEval", x, vectors);
    return [x];
  },
  layerNorm: ([x, gamma, beta]) => {
    expectChannels("layerNorm", x, [gamma, beta]);
    const rows = x.slice(0, -1);
    return [x, rows, rows];
  },
  layerNormGrad: ([dy, x, gamma, mean, inverseStd]) => {
    expectSame(dy, x, "layerNormGrad");
    expectChannels("layerNormGrad", x, [gamma]);
    for (const rows of [mean, inverseStd]) expectSame(rows, x.slice(0, -1), "layerNormGrad: statistics");
    return [x, gamma, gamma];
  },
};
