import type { Attrs } from "../../../src/ops/spec/index.js";
import type { OrderOps } from "../../../src/ops/spec/orders.js";
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
  { inputs: [input([3, 70, 33], fill)], attrs: { axis: 1 }, isLarge: true },
  { inputs: [input([32, 1000], fill)], attrs: { axis: 1 }, isLarge: true },
  { inputs: [input([3, 70, 37], fill)], attrs: { axis: 1 }, isLarge: true },
];

const cumsumCases: readonly Case<Attrs<"cumsum">>[] = [
  ...axisCases("normal").flatMap(({ inputs, attrs: { axis } }) =>
    [false, true].flatMap((reverse) =>
      [false, true].map((exclusive) => ({ inputs, attrs: { axis, reverse, exclusive } })),
    ),
  ),
  { inputs: [input([2, 5, 33])], attrs: { axis: 1, reverse: true, exclusive: true } },
  { inputs: [input([70000])], attrs: { axis: 0, reverse: false, exclusive: false }, isLarge: true },
  { inputs: [input([3, 700, 100])], attrs: { axis: 1, reverse: true, exclusive: false }, isLarge: true },
].map((one) => (one.inputs[0]!.shape.includes(1000) ? { ...one, isLarge: true } : one));

const argsortCases: readonly Case<Attrs<"argsort">>[] = (
  [
    ["distinct", [1]],
    ["distinct", [5]],
    ["distinct", [3, 7]],
    ["distinct", [2, 3, 8]],
    ["distinct", [33, 65]],
    ["mask", [4, 9]],
    ["normal", [6, 1000]],
  ] as const
).flatMap(([fill, shape]) =>
  [false, true].map((descending) => ({ inputs: [input(shape, fill)], attrs: { descending } })),
);

export const reductionsCases: { readonly [K in keyof ReductionOps | keyof OrderOps]: readonly Case<Attrs<K>>[] } = {
  sum: reduceCases("normal"),
  mean: reduceCases("normal"),
  max: reduceCases("distinct"),
  min: reduceCases("distinct"),
  argmax: axisCases("distinct"),
  softmax: axisCases("normal"),
  logSoftmax: axisCases("normal"),
  cumsum: cumsumCases,
  argsort: argsortCases,
};
