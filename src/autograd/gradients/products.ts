import { apply } from "../../ops/apply.js";
import * as F from "../../ops/functional/index.js";
import type { ProductOps } from "../../ops/spec/products.js";
import { type Entry, fromInputs, once, overRows } from "./entry.js";

export const productsGradients: { readonly [K in keyof ProductOps]: Entry<K> | null } = {
  matmul: fromInputs(([dy], [a, b], { transposeA, transposeB }) => [
    () =>
      transposeA
        ? F.matmul(b, dy, { transposeA: transposeB, transposeB: true })
        : F.matmul(dy, b, { transposeB: !transposeB }),
    () =>
      transposeB
        ? F.matmul(dy, a, { transposeA: true, transposeB: transposeA })
        : F.matmul(a, dy, { transposeA: !transposeA }),
  ]),
  // convolution is bilinear in (x, w), and so are its two gradients: the three ops close under differentiation
  conv2d: fromInputs(([dy], [x, w], attrs) => [
    () => apply("conv2dInputGrad", [dy, w], { ...attrs, inputShape: x.shape })[0],
    () => apply("conv2dWeightGrad", [x, dy], { ...attrs, weightShape: w.shape })[0],
  ]),
  conv2dBias: {
    needs: { inputs: [0, 1], outputs: [0] },
    rule: ([dy], [x, w], { activation, ...attrs }, [y]) => {
      // dz, the gradient before the activation, and its sum over rows serve all three
      const before = once(() =>
        activation === "relu" ? apply("biasReluGrad", [dy, y], {}) : ([dy, overRows(dy)] as const),
      );
      return [
        () => apply("conv2dInputGrad", [before()[0], w], { ...attrs, inputShape: x.shape })[0],
        () => apply("conv2dWeightGrad", [x, before()[0]], { ...attrs, weightShape: w.shape })[0],
        () => before()[1],
      ];
    },
  },
  conv2dInputGrad: fromInputs(([dx], [dy, w], { inputShape: _, ...attrs }) => [
    () => apply("conv2d", [dx, w], attrs)[0],
    () => apply("conv2dWeightGrad", [dx, dy], { ...attrs, weightShape: w.shape })[0],
  ]),
  conv2dWeightGrad: fromInputs(([dw], [x, dy], { weightShape: _, ...attrs }) => [
    () => apply("conv2dInputGrad", [dy, dw], { ...attrs, inputShape: x.shape })[0],
    () => apply("conv2d", [x, dw], attrs)[0],
  ]),
};
