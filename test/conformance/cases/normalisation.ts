import type { Attrs, EpsAttrs } from "../../../src/ops/spec/index.js";
import type { NormalisationOps } from "../../../src/ops/spec/normalisation.js";
import type { Shape } from "../../../src/tensor/shape.js";
import { type Case, eps, type Input, input } from "./input.js";

const channels = [1, 3, 8, 13] as const;

const normShapes: readonly Shape[] = [...channels.map((c) => [2, 3, 2, c]), [5, 4]];

const largeNormShapes: readonly Shape[] = [
  [2, 30, 31, 12],
  [600, 21],
  [3, 16, 16, 48],
];

const normCases = (build: (shape: Shape, c: Input, positive: Input) => readonly Input[]): readonly Case<EpsAttrs>[] =>
  [...normShapes, ...largeNormShapes].map((shape) => {
    const c = shape.at(-1)!;
    return {
      inputs: build(shape, input([c]), input([c], "positive")),
      attrs: eps,
      isLarge: largeNormShapes.includes(shape),
    };
  });

// from 3 numbers on: of fewer the gradient is 0 but for rounding, which no relative error measures
const rowShapes: readonly Shape[] = [[3], [5, 3], [2, 3, 4], [3, 13], [7, 16], [2, 33]];
const largeRowShapes: readonly Shape[] = [
  [700, 48],
  [3, 5000],
  [64, 2, 193],
];

const rowCases = <A>(attrs: A, build: (shape: Shape, c: Input, rows: Input) => readonly Input[]): readonly Case<A>[] =>
  [...rowShapes, ...largeRowShapes].map((shape) => ({
    inputs: build(shape, input([shape.at(-1)!]), input(shape.slice(0, -1), "positive")),
    attrs,
    isLarge: largeRowShapes.includes(shape),
  }));

export const normalisationCases: { readonly [K in keyof NormalisationOps]: readonly Case<Attrs<K>>[] } = {
  batchNorm: normCases((shape, c) => [input(shape), c, c]),
  batchNormGrad: normCases((shape, c, positive) => [input(shape), input(shape), c, c, positive]),
  batchNormEval: normCases((shape, c, positive) => [input(shape), c, c, c, positive]),
  layerNorm: [
    ...rowCases(eps, (shape, c) => [input(shape), c, c]),
    { inputs: [input([9, 100], "far"), input([100]), input([100])], attrs: eps, isLarge: true },
  ],
  layerNormGrad: rowCases({}, (shape, c, rows) => [input(shape), input(shape), c, rows, rows]),
};
