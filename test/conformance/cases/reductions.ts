import type { Attrs } from "../../../src/ops/spec/index.js";
import type { ReductionOps } from "../../../src/ops/spec/reductions.js";
import { type Case, type Fill, input } from "./input.js";

const reduceCases = (fill: Fill): readonly Case<Attrs<"sum">>[] => [
  ...(
    [
      [[7], [0]],
      [[], []],
      [
        [3, 4],
        [0, 1],
      ],
      [[3, 4], [0]],
      [[3, 5], [1]],
      [
        [2, 3, 4, 5],
        [1, 2],
      ],
      [
        [2, 3, 4, 5],
        [0, 2],
      ],
      [[2, 3, 4], [1]],
    ] as const
  ).flatMap(([shape, axes]) =>
    [false, true].map((keepDims) => ({ inputs: [input(shape, fill)], attrs: { axes, keepDims } })),
  ),
  { inputs: [input([4, 9, 9, 20], fill)], attrs: { axes: [1, 2], keepDims: false }, isLarge: true },
  { inputs: [input([1300, 37], fill)], attrs: { axes: [0], keepDims: false }, isLarge: true },
  { inputs: [input([37, 1300], fill)], attrs: { axes: [1], keepDims: false }, isLarge: true },
  { inputs: [input([70000], fill)], attrs: { axes: [0], keepDims: false }, isLarge: true },
];

const axisCases = (fill: Fill): readonly Case<Attrs<"softmax">>[] => [
  { inputs: [input([5], fill)], attrs: { axis: 0 } },
  { inputs: [input([3, 7], fill)], attrs: { axis: 1 } },
  { inputs: [input([3, 7], fill)], attrs: { axis: 0 } },
  { inputs: [input([2, 3, 4], fill)], attrs: { axis: 1 } },
  { inputs: [input([32, 1000], fill)], attrs: { axis: 1 }, isLarge: true },
  { inputs: [input([3, 70, 37], fill)], attrs: { axis: 1 }, isLarge: true },
];

export const reductionsCases: { readonly [K in keyof ReductionOps]: readonly Case<Attrs<K>>[] } = {
  sum: reduceCases("normal"),
  mean: reduceCases("normal"),
  max: reduceCases("distinct"),
  min: reduceCases("distinct"),
  argmax: axisCases("distinct"),
  softmax: axisCases("normal"),
  logSoftmax: axisCases("normal"),
};
