import { showShape, sizeOf } from "../../tensor/shape.js";
import { ShapeError } from "../../util/errors.js";
import { foldSizes, momentShapes, splitBranches } from "../branches.js";
import type { FoldOps } from "../spec/folds.js";
import { expectRank, expectSame, windowShape } from "./checks.js";
import { productsShapes } from "./products.js";
import type { ShapeRule } from "./rule.js";

export const foldsShapes: { readonly [K in keyof FoldOps]: ShapeRule<K> } = {
  patchMoments: ([x], attrs) => {
    expectRank(x, 4, "patchMoments: input", "[N, H, W, Cin]");
    windowShape("patchMoments", x, attrs.kernelSize, attrs, attrs.dilation);
    if (x[0] === 0)
      throw new ShapeError(
        `patchMoments: input ${showShape(x)} has no patches, training needs at least one image`,
        "a larger batch, or model.eval()",
      );
    return momentShapes(x, attrs);
  },
  patchMomentsGrad: ([x, mean, dmean, dcovariance], attrs) => {
    const [first, second] = momentShapes(x, attrs);
    expectSame(mean, first, "patchMomentsGrad: mean");
    expectSame(dmean, first, "patchMomentsGrad: dmean");
    expectSame(dcovariance, second, "patchMomentsGrad: dcovariance");
    return [x];
  },
  foldedInputGrad: ([dy, w, x, ...moments], { behind, ...attrs }) => {
    const [dx] = productsShapes.conv2dInputGrad([dy, w], { ...attrs, inputShape: x });
    foldsShapes.patchMomentsGrad([x, ...moments], attrs);
    return behind === "biasRelu" ? [dx, dx.slice(-1)] : [dx];
  },
  foldBranches: ([mean, covariance, ...branches], attrs) => {
    const { branches: count, inPerGroup, cOut, k } = foldSizes("foldBranches", mean[1]!, branches, attrs);
    expectSame(mean, [attrs.groups, k], "foldBranches: mean");
    expectSame(covariance, [attrs.groups, k, k], "foldBranches: covariance");
    const statistics = [count, cOut];
    return [[...attrs.kernelSize, inPerGroup, cOut], [cOut], statistics, statistics, [count, k, cOut]];
  },
  foldBranchesGrad: ([dweight, dbias, mean, variances, projections, ...branches], attrs) => {
    const { kernels } = splitBranches(branches, attrs);
    const { branches: count, inPerGroup, cOut, k } = foldSizes("foldBranchesGrad", mean[1]!, branches, attrs);
    expectSame(dweight, [...attrs.kernelSize, inPerGroup, cOut], "foldBranchesGrad: dweight");
    expectSame(dbias, [cOut], "foldBranchesGrad: dbias");
    expectSame(mean, [attrs.groups, k], "foldBranchesGrad: mean");
    expectSame(variances, [count, cOut], "foldBranchesGrad: variances");
    expectSame(projections, [count, k, cOut], "foldBranchesGrad: projections");
    return [variances, ...kernels.filter((kernel) => kernel !== null)];
  },
  foldMomentsGrad: ([dgammas, dbias, weight, variances, ...branches], attrs) => {
    const sizes = foldSizes("foldMomentsGrad", sizeOf(weight.slice(0, 3)), branches, attrs);
    const { branches: count, inPerGroup, cOut, k } = sizes;
    expectSame(weight, [...attrs.kernelSize, inPerGroup, cOut], "foldMomentsGrad: weight");
    expectSame(dbias, [cOut], "foldMomentsGrad: dbias");
    expectSame(dgammas, [count, cOut], "foldMomentsGrad: dgammas");
    expectSame(variances, [count, cOut], "foldMomentsGrad: variances");
    return [
      [attrs.groups, k],
      [attrs.groups, k, k],
    ];
  },
};
