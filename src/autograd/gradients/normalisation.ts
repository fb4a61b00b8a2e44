import { apply } from "../../ops/apply.js";
import * as F from "../../ops/functional/index.js";
import type { NormalisationOps } from "../../ops/spec/normalisation.js";
import type { Tensor } from "../../tensor/tensor.js";
import { zerosLike } from "../zeros.js";
import { type Entry, fromInputs, once, overRows } from "./entry.js";

export const normalisationGradients: { readonly [K in keyof NormalisationOps]: Entry<K> | null } = {
  // takes dmean/rows and dvariance · 2(x − mean)/rows besides
  batchNorm: {
    needs: { inputs: [0, 1], outputs: [1, 2] },
    connected: 3,
    rule: (dys, [x, gamma], attrs, [, mean, variance]) => {
      const [dy, dmean, dvariance] = dys as readonly (Tensor | undefined)[];
      const rows = x.size / gamma.size;
      const all = once(() => dy && apply("batchNormGrad", [dy, x, gamma, mean, variance], attrs));
      const parts = (): (Tensor | undefined)[] => [
        all()?.[0],
        dmean && F.broadcastTo(F.mul(dmean, 1 / rows), x.shape),
        dvariance && F.mul(F.sub(x, mean), F.mul(dvariance, 2 / rows)),
      ];
      return [
        () =>
          parts()
            .filter((part) => part !== undefined)
            .reduce((total, part) => F.add(total, part)),
        () => all()?.[1] ?? zerosLike(gamma),
        () => all()?.[2] ?? zerosLike(gamma),
      ];
    },
  },
  batchNormGrad: null,
  layerNorm: {
    needs: { inputs: [0, 1], outputs: [1, 2] },
    rule: ([dy], [x, gamma], _, [, mean, inverseStd]) => {
      const all = once(() => apply("layerNormGrad", [dy, x, gamma, mean, inverseStd], {}));
      return [() => all()[0], () => all()[1], () => all()[2]];
    },
  },
  layerNormGrad: null,
  batchNormEval: fromInputs(
    ([dy], [x, gamma, , mean, variance], { eps }) => {
      const inverseStd = () => F.rsqrt(F.add(variance, eps));
      return [
        () => F.mul(dy, F.mul(gamma, inverseStd())),
        () => overRows(F.mul(dy, F.mul(F.sub(x, mean), inverseStd()))),
        () => overRows(dy),
        () => F.neg(overRows(F.mul(dy, F.mul(gamma, inverseStd())))),
        // d/dv (v + eps)^(−1/2) = −(v + eps)^(−3/2) / 2, factor by factor: the cube alone may underflow
        () => {
          const s = inverseStd();
          const scaled = F.mul(F.mul(overRows(F.mul(dy, F.sub(x, mean))), F.mul(gamma, -0.5)), s);
          return F.mul(scaled, F.square(s));
        },
      ];
    },
    [0, 1, 3, 4],
  ),
};
