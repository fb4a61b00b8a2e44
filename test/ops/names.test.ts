/** Every op against the tables that hold it by name as text, where no compiler looks: public names, methods, PyTorch's numbers. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as T from "../../src/index.js";
import { costs } from "../../src/ops/cost/index.js";
import { normPassCosts } from "../../src/ops/cost/norm-passes.js";
import { activationNames } from "../../src/ops/curves.js";
import type { OpName } from "../../src/ops/spec/index.js";
import { cases } from "../conformance/cases/index.js";
import { elementwise } from "../conformance/elementwise.js";
import { specialCases } from "../golden/numbers/special-values.js";

const ops = Object.keys(costs) as OpName[];

const gradientsOfActivations = activationNames.map((name) => `${name}Grad` as const);

/** What only rules of gradients call; custom functions do without. */
const ofGradients: readonly OpName[] = [
  "reluGrad",
  "biasReluGrad",
  ...gradientsOfActivations,
  "stridedSliceGrad",
  "takeAlongAxisGrad",
  "conv2dInputGrad",
  "conv2dWeightGrad",
  "avgPool2dGrad",
  "maxPool2dGrad",
  "batchNormGrad",
  "layerNormGrad",
  "patchMomentsGrad",
  "foldedInputGrad",
  "foldBranchesGrad",
  "foldMomentsGrad",
];

/** What only compile() makes, of batch norms and what is around them. */
const ofPrograms = Object.keys(normPassCosts) as OpName[];

/** What has a public function per attribute: bitwiseAnd and its like. */
const ofSeveralNames: readonly OpName[] = ["bitwise"];

/** Functions whose first operand is no more `this` than the others are, or that make a tensor. */
const functionsOnly: readonly OpName[] = [
  "where",
  "concat",
  "oneHot",
  "conv2d",
  "conv2dBias",
  "avgPool2d",
  "maxPool2d",
  "maxPool2dIndices",
  "batchNorm",
  "batchNormEval",
  "layerNorm",
  "patchMoments",
  "foldBranches",
  "resample",
  "rand",
  "randn",
  "bernoulli",
];

/** Special values reach these through the op that they are the gradient of, or PyTorch has no such op. */
const withoutSpecialValues: readonly OpName[] = [
  ...gradientsOfActivations,
  "stridedSliceGrad",
  "takeAlongAxisGrad",
  "conv2dInputGrad",
  "conv2dWeightGrad",
  "avgPool2dGrad",
  "maxPool2dGrad",
  "batchNormGrad",
  ...ofPrograms,
  "layerNormGrad",
  "patchMoments",
  "patchMomentsGrad",
  "foldedInputGrad",
  "foldBranches",
  "foldBranchesGrad",
  "foldMomentsGrad",
  "resample",
  // integers only
  "bitwise",
];

const lacking = (names: readonly string[], isThere: (name: string) => boolean): string[] =>
  names.filter((name) => !isThere(name)).sort();

describe("every op", () => {
  it("is a public function of its name (ops/functional), but for parts of gradients and of programs", () => {
    expect(lacking(ops, (op) => op in T)).toEqual([...ofGradients, ...ofPrograms, ...ofSeveralNames].sort());
  });

  it("is a method (ops/methods.ts), but for what reads better as a function", () => {
    const functions = ops.filter((op) => op in T);
    expect(lacking(functions, (op) => op in T.Tensor.prototype)).toEqual([...functionsOnly].sort());
  });

  it("has rows of PyTorch's special values (golden/numbers/make-special-values.py)", () => {
    const there = new Set(specialCases().map(({ op }) => op));
    expect(lacking(Object.keys(cases), (op) => there.has(op))).toEqual([...withoutSpecialValues].sort());
  });

  it("of one or two operands has rows of PyTorch's promotion (golden/numbers/make-promotion.py)", () => {
    const file = new URL("../golden/numbers/promotion.json", import.meta.url);
    const { rows } = JSON.parse(readFileSync(file, "utf8")) as { readonly rows: readonly (readonly [op: string])[] };
    const there = new Set(rows.map(([op]) => op));
    expect(lacking(Object.keys(elementwise), (op) => there.has(op))).toEqual([]);
  });
});
