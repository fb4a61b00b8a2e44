import { activationNames } from "../../../src/ops/curves.js";
import type { CurveAttrs, CurveOps, FunctionName } from "../../../src/ops/spec/curves.js";
import type { Attrs } from "../../../src/ops/spec/index.js";
import { unary } from "./elementwise.js";
import { type Case, type Fill, input, largeShape, vectorShapes } from "./input.js";

/** Inside the domain of each, away from its ends. */
const functions: { readonly [K in FunctionName]: Fill } = {
  erf: "normal",
  tan: "inside",
  asin: "inside",
  acos: "inside",
  atan: "normal",
  sinh: "normal",
  cosh: "normal",
  asinh: "normal",
  acosh: "aboveOne",
  atanh: "inside",
  log1p: "positive",
  expm1: "normal",
  log2: "positive",
  log10: "positive",
  exp2: "normal",
};

/** Attributes to try of each; kinks are crossed, and numbers are so drawn that none is met. */
const attributes: { readonly [K in keyof CurveAttrs]: readonly CurveAttrs[K][] } = {
  gelu: [{ approximate: "none" }, { approximate: "tanh" }],
  silu: [{}],
  softplus: [
    { beta: 1, threshold: 20 },
    { beta: 2.5, threshold: 1 },
  ],
  hardswish: [{}],
  hardsigmoid: [{}],
  leakyRelu: [{ negativeSlope: 0.01 }, { negativeSlope: -0.5 }],
  elu: [
    { alpha: 1, scale: 1, inputScale: 1 },
    { alpha: 1.5, scale: 2, inputScale: 0.75 },
  ],
  mish: [{}],
};

const shapes = [...vectorShapes, largeShape];

const activationCases = activationNames.flatMap((name) => {
  const each = (inputs: (shape: (typeof shapes)[number]) => Case<unknown>["inputs"]) =>
    attributes[name].flatMap((attrs) =>
      shapes.map((shape) => ({ inputs: inputs(shape), attrs, isLarge: shape === largeShape })),
    );
  return [
    [name, each((shape) => [input(shape, "distinct")])],
    [`${name}Grad`, each((shape) => [input(shape), input(shape, "distinct")])],
  ];
});

export const curveCases = Object.fromEntries([
  ...Object.entries(functions).map(([name, fill]) => [name, unary(fill)]),
  ...activationCases,
]) as { readonly [K in keyof CurveOps]: readonly Case<Attrs<K>>[] };
