/**
 * The awkward grid: for every op, input shapes and attributes that tend to break kernels. The table is typed over the op
 * names, so an op without cases does not compile. Used twice: gradients in float64 against central differences, and every
 * backend against the reference.
 */

import { windowOutput } from "../../src/ops/shapes.js";
import type { Attrs, Conv2dAttrs, EpsAttrs, OpName, Pair } from "../../src/ops/spec.js";
import type { DType } from "../../src/tensor/dtype.js";
import type { Shape } from "../../src/tensor/shape.js";

/** What the numbers of an input look like. */
export type Fill =
  /** Standard normal. */
  | "normal"
  /** In [0.5, 2): for logs, roots, divisors, variances. */
  | "positive"
  /** Distinct and apart: for maxima and comparisons, whose gradients jump at ties. */
  | "distinct"
  /** 0 or 1. */
  | "mask"
  /** Any number of the dtype: all magnitudes alike, denormals, zeros, infinities and NaN among them; the ends of integers. */
  | "tails"
  /** Normal, around a mean of a hundred standard deviations. */
  | "far"
  /** [..., k, k]: symmetric and positive definite. */
  | "covariance"
  /** Indices 0 … limit − 1. */
  | { readonly indicesBelow: number };

export interface Input {
  readonly shape: Shape;
  readonly fill: Fill;
  /** Where an op wants one dtype whatever the others have. */
  readonly dtype?: DType;
}
export interface Case<A> {
  readonly inputs: readonly Input[];
  readonly attrs: A;
  /** Too large for element-by-element central differences. */
  readonly isLarge?: boolean;
}

export const dtypeOfInput = ({ fill, dtype }: Input, float: DType): DType =>
  dtype ?? (typeof fill === "object" ? "int32" : float);

const input = (shape: Shape, fill: Fill = "normal"): Input => ({ shape, fill });

/** Sizes around the vector width, a scalar, and one large enough for several tasks. */
const vectorShapes: readonly Shape[] = [[], [1], [3], [4], [5, 7], [2, 3, 4, 5]];
const largeShape: Shape = [33, 1025];

const unary = (fill: Fill = "normal"): readonly Case<Attrs<"neg">>[] => [
  ...vectorShapes.map((shape) => ({ inputs: [input(shape, fill)], attrs: {} })),
  { inputs: [input(largeShape, fill)], attrs: {}, isLarge: true },
];

/** Pairs of shapes that broadcast in every way. */
const broadcastPairs: readonly (readonly [Shape, Shape])[] = [
  [[], []],
  [[5], []],
  [[], [3, 4]],
  [
    [2, 3, 4],
    [2, 3, 4],
  ],
  [[2, 3, 5], [5]],
  [
    [2, 1, 5],
    [1, 3, 1],
  ],
  [[4], [3, 1]],
  [
    [2, 3, 1],
    [2, 1, 4],
  ],
];
const binary = (fillA: Fill = "normal", fillB: Fill = fillA): readonly Case<Attrs<"add">>[] => [
  ...broadcastPairs.map(([a, b]) => ({ inputs: [input(a, fillA), input(b, fillB)], attrs: {} })),
  { inputs: [input([64, 515], fillA), input([515], fillB)], attrs: {}, isLarge: true },
  { inputs: [input([67, 1031], fillA), input([67, 1031], fillB)], attrs: {}, isLarge: true },
  { inputs: [input([64, 37, 8], fillA), input([64, 1, 8], fillB)], attrs: {}, isLarge: true },
];

/** Normal numbers, cut: far ones and NaN are in golden/numbers/promotion.json. */
const castTargets = ["float32", "float64", "int32", "uint8"] as const satisfies readonly DType[];

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
];

const indices = (shape: Shape, limit: number): Input => input(shape, { indicesBelow: limit });

interface ConvGeometry {
  readonly x: Shape;
  readonly w: Shape;
  readonly attrs: Conv2dAttrs;
  readonly y: Shape;
  readonly isLarge: boolean;
}

function geometry(
  [n, h, width, cIn]: readonly [number, number, number, number],
  kernel: Pair,
  cOut: number,
  {
    stride = 1,
    padding = 0,
    dilation = 1,
    groups = 1,
  }: { stride?: number; padding?: number; dilation?: number; groups?: number },
  isLarge = false,
): ConvGeometry[] {
  const oh = windowOutput(h, kernel[0], stride, padding, dilation);
  const ow = windowOutput(width, kernel[1], stride, padding, dilation);
  if (oh < 1 || ow < 1) return [];
  return [
    {
      x: [n, h, width, cIn],
      w: [...kernel, cIn / groups, cOut],
      attrs: { stride: [stride, stride], padding: [padding, padding], dilation: [dilation, dilation], groups },
      y: [n, oh, ow, cOut],
      isLarge,
    },
  ];
}

/** groups × stride × dilation × padding × odd sizes; a peer shipped wrong strided grouped gradients that this finds. */
const convGrid: readonly ConvGeometry[] = [
  ...(["dense", "grouped", "depthwise", "multiplied"] as const).flatMap((kind) => {
    const [cIn, cOut, groups] = { dense: [3, 5, 1], grouped: [4, 6, 2], depthwise: [4, 4, 4], multiplied: [3, 6, 3] }[
      kind
    ] as [number, number, number];
    return [1, 2, 3].flatMap((stride) =>
      [1, 2].flatMap((dilation) =>
        [0, 1, 2].flatMap((padding) =>
          (
            [
              [1, 1],
              [3, 3],
              [2, 3],
            ] as const
          ).flatMap((kernel) => geometry([1, 6, 5, cIn], kernel, cOut, { stride, padding, dilation, groups })),
        ),
      ),
    );
  }),
  // MobileOne's own kinds, at sizes that cross tiles and tasks
  ...geometry([2, 15, 13, 3], [3, 3], 48, { stride: 2, padding: 1 }, true),
  ...geometry([2, 14, 14, 48], [3, 3], 48, { stride: 1, padding: 1, groups: 48 }, true),
  ...geometry([2, 15, 14, 20], [3, 3], 20, { stride: 2, padding: 1, groups: 20 }, true),
  ...geometry([2, 7, 7, 36], [1, 1], 36, { stride: 1, groups: 36 }, true),
  ...geometry([2, 9, 9, 36], [1, 1], 36, { stride: 2, groups: 36 }, true),
  ...geometry([2, 14, 15, 48], [1, 1], 130, {}, true),
  ...geometry([3, 9, 7, 37], [1, 1], 41, {}, true),
  ...geometry([2, 9, 7, 24], [3, 3], 16, { padding: 1 }, true),
  ...geometry([1, 5, 5, 10], [7, 7], 10, { padding: 3, groups: 10 }, true),
];

const convCases = <A>(build: (g: ConvGeometry) => Case<A>): readonly Case<A>[] =>
  convGrid.map((g) => ({ ...build(g), isLarge: g.isLarge }));

const poolGrid = ([2, 3] as const).flatMap((k) =>
  [1, 2].flatMap((stride) =>
    [0, 1].map((padding) => ({
      x: [2, 6, 5, 3] as const,
      attrs: { kernelSize: [k, k] as Pair, stride: [stride, stride] as Pair, padding: [padding, padding] as Pair },
      y: [2, windowOutput(6, k, stride, padding, 1), windowOutput(5, k, stride, padding, 1), 3],
    })),
  ),
);

const matmulCases: readonly Case<Attrs<"matmul">>[] = [
  ...(
    [
      [1, 1, 1],
      [2, 3, 4],
      [7, 5, 9],
      [5, 17, 3],
      [13, 10, 6],
    ] as const
  ).flatMap(([m, n, k]) =>
    [false, true].flatMap((transposeA) =>
      [false, true].map((transposeB) => ({
        inputs: [input(transposeA ? [k, m] : [m, k]), input(transposeB ? [n, k] : [k, n])],
        attrs: { transposeA, transposeB },
      })),
    ),
  ),
  { inputs: [input([2, 3, 4]), input([2, 4, 5])], attrs: { transposeA: false, transposeB: false } },
  { inputs: [input([2, 1, 3, 4]), input([3, 5, 4])], attrs: { transposeA: false, transposeB: true } },
  { inputs: [input([3, 4]), input([2, 4, 5])], attrs: { transposeA: false, transposeB: false } },
  ...[false, true].flatMap((transposeA) =>
    [false, true].map((transposeB) => ({
      inputs: [input(transposeA ? [150, 67] : [67, 150]), input(transposeB ? [101, 150] : [150, 101])],
      attrs: { transposeA, transposeB },
      isLarge: true,
    })),
  ),
  { inputs: [input([32, 1024]), input([1024, 1000])], attrs: { transposeA: false, transposeB: false }, isLarge: true },
  { inputs: [input([1024, 32]), input([1024, 48])], attrs: { transposeA: true, transposeB: false }, isLarge: true },
];

const channels = [1, 3, 8, 13] as const;
const normShapes: readonly Shape[] = [...channels.map((c) => [2, 3, 2, c]), [5, 4]];
const largeNormShapes: readonly Shape[] = [
  [2, 30, 31, 12],
  [600, 21],
  [3, 16, 16, 48],
];
const eps = { eps: 1e-5 };
const normCases = (build: (shape: Shape, c: Input, positive: Input) => readonly Input[]): readonly Case<EpsAttrs>[] =>
  [...normShapes, ...largeNormShapes].map((shape) => {
    const c = shape.at(-1)!;
    return {
      inputs: build(shape, input([c]), input([c], "positive")),
      attrs: eps,
      isLarge: largeNormShapes.includes(shape),
    };
  });

const double = (shape: Shape, fill: Fill = "normal"): Input => ({ shape, fill, dtype: "float64" });

/** Geometries whose patches have moments; kernels with several outputs per channel have the same patches as one. */
const momentCases = <A>(build: (x: Input, k: number, attrs: Attrs<"patchMoments">) => Case<A>): readonly Case<A>[] => {
  const rows = convGrid.map((g) => ({ ...g, fill: "normal" as Fill }));
  const far = rows.filter((g) => g.isLarge).map((g) => ({ ...g, fill: "far" as Fill }));
  return [...rows, ...far].map(({ x, w, attrs, isLarge, fill }) => {
    const kernelSize: Pair = [w[0]!, w[1]!];
    return { ...build(input(x, fill), w[0]! * w[1]! * w[2]!, { ...attrs, kernelSize }), isLarge };
  });
};

interface FoldCase {
  readonly kernelSize: Pair;
  readonly groups: number;
  readonly inPerGroup: number;
  readonly cOut: number;
  readonly hasIdentity: boolean;
  readonly hasScale: boolean;
  readonly convs: number;
  readonly isLarge?: boolean;
}
const foldGrid: readonly FoldCase[] = [
  { kernelSize: [1, 1], groups: 1, inPerGroup: 3, cOut: 3, hasIdentity: true, hasScale: false, convs: 2 },
  { kernelSize: [1, 1], groups: 1, inPerGroup: 5, cOut: 7, hasIdentity: false, hasScale: false, convs: 1 },
  { kernelSize: [3, 3], groups: 4, inPerGroup: 1, cOut: 4, hasIdentity: true, hasScale: true, convs: 2 },
  { kernelSize: [3, 3], groups: 1, inPerGroup: 2, cOut: 3, hasIdentity: false, hasScale: true, convs: 1 },
  { kernelSize: [3, 3], groups: 2, inPerGroup: 2, cOut: 4, hasIdentity: true, hasScale: true, convs: 1 },
  { kernelSize: [2, 3], groups: 3, inPerGroup: 1, cOut: 6, hasIdentity: false, hasScale: true, convs: 2 },
  {
    kernelSize: [1, 1],
    groups: 1,
    inPerGroup: 48,
    cOut: 130,
    hasIdentity: false,
    hasScale: false,
    convs: 4,
    isLarge: true,
  },
  {
    kernelSize: [1, 1],
    groups: 1,
    inPerGroup: 65,
    cOut: 65,
    hasIdentity: true,
    hasScale: false,
    convs: 3,
    isLarge: true,
  },
  {
    kernelSize: [3, 3],
    groups: 1,
    inPerGroup: 3,
    cOut: 48,
    hasIdentity: false,
    hasScale: true,
    convs: 1,
    isLarge: true,
  },
  {
    kernelSize: [3, 3],
    groups: 37,
    inPerGroup: 1,
    cOut: 37,
    hasIdentity: true,
    hasScale: true,
    convs: 4,
    isLarge: true,
  },
];
const foldCases = <A>(
  build: (c: {
    readonly k: number;
    readonly moments: readonly [mean: Input, covariance: Input];
    readonly branches: readonly Input[];
    readonly count: number;
    readonly weight: Shape;
    readonly attrs: Attrs<"foldBranches">;
  }) => Omit<Case<A>, "attrs">,
): readonly Case<Attrs<"foldBranches">>[] =>
  foldGrid.map(({ kernelSize, groups, inPerGroup, cOut, hasIdentity, hasScale, convs, isLarge = false }) => {
    const k = kernelSize[0] * kernelSize[1] * inPerGroup;
    const kernels = [...(hasScale ? [[1, 1] as const] : []), ...Array.from({ length: convs }, () => kernelSize)];
    const count = kernels.length + Number(hasIdentity);
    const perBranch = (fill: Fill) => Array.from({ length: count }, () => input([cOut], fill));
    const attrs = { kernelSize, groups, hasIdentity, eps: 1e-5 };
    const built = build({
      k,
      moments: [double([groups, k]), double([groups, k, k], "covariance")],
      branches: [
        ...perBranch("normal"),
        ...perBranch("normal"),
        ...kernels.map((size) => input([...size, inPerGroup, cOut])),
      ],
      count,
      weight: [...kernelSize, inPerGroup, cOut],
      attrs,
    });
    return { ...built, attrs, isLarge };
  });

export const cases: { readonly [K in OpName]: readonly Case<Attrs<K>>[] } = {
  neg: unary(),
  abs: unary("distinct"),
  sign: unary(),
  floor: unary(),
  ceil: unary(),
  round: unary(),
  exp: unary(),
  log: unary("positive"),
  sqrt: unary("positive"),
  rsqrt: unary("positive"),
  square: unary(),
  reciprocal: unary("positive"),
  sin: unary(),
  cos: unary(),
  tanh: unary(),
  sigmoid: unary(),
  relu: unary("distinct"),
  cast: unary().flatMap((c) => castTargets.map((dtype) => ({ ...c, attrs: { dtype } }))),

  add: binary(),
  sub: binary(),
  mul: binary(),
  div: binary("normal", "positive"),
  pow: binary("positive"),
  maximum: binary("distinct"),
  minimum: binary("distinct"),
  equal: binary("mask"),
  notEqual: binary("mask"),
  less: binary("distinct"),
  lessEqual: binary("mask"),
  greater: binary("distinct"),
  greaterEqual: binary("mask"),
  reluGrad: [...vectorShapes, largeShape].map((shape) => ({
    inputs: [input(shape), input(shape, "distinct")],
    attrs: {},
    isLarge: shape === largeShape,
  })),
  biasReluGrad: [[5], [3, 4], [2, 3, 5], [33, 1025], [700, 40]].map((shape) => ({
    inputs: [input(shape), input(shape, "distinct")],
    attrs: {},
    isLarge: shape[0]! > 32,
  })),
  where: [
    ...broadcastPairs.map(([a, b]) => ({ inputs: [input(a, "mask"), input(b), input(a)], attrs: {} })),
    { inputs: [input([64, 515], "mask"), input([64, 515]), input([515])], attrs: {}, isLarge: true },
  ],

  sum: reduceCases("normal"),
  mean: reduceCases("normal"),
  max: reduceCases("distinct"),
  min: reduceCases("distinct"),
  argmax: axisCases("distinct"),
  softmax: axisCases("normal"),
  logSoftmax: axisCases("normal"),

  broadcastTo: [
    { inputs: [input([])], attrs: { shape: [3, 2] } },
    { inputs: [input([3, 1])], attrs: { shape: [2, 3, 5] } },
    { inputs: [input([2, 3])], attrs: { shape: [2, 3] } },
    { inputs: [input([4, 1, 1, 20])], attrs: { shape: [4, 9, 9, 20] }, isLarge: true },
  ],
  reshape: [{ inputs: [input([2, 6])], attrs: { shape: [3, 4] } }],
  transpose: [
    { inputs: [input([3, 5])], attrs: { perm: [1, 0] } },
    { inputs: [input([2, 3, 4, 5])], attrs: { perm: [0, 3, 1, 2] } },
    { inputs: [input([2, 3, 4])], attrs: { perm: [2, 0, 1] } },
    { inputs: [input([65, 130])], attrs: { perm: [1, 0] }, isLarge: true },
  ],
  slice: [
    { inputs: [input([5])], attrs: { begin: [1], size: [3] } },
    { inputs: [input([4, 5])], attrs: { begin: [2, 0], size: [2, 5] } },
    { inputs: [input([4, 5, 6])], attrs: { begin: [1, 2, 0], size: [2, 3, 5] } },
  ],
  pad: [
    { inputs: [input([3])], attrs: { before: [1], after: [2], value: 0 } },
    { inputs: [input([2, 3, 2])], attrs: { before: [0, 1, 2], after: [1, 0, 0], value: -1.5 } },
  ],
  concat: [
    { inputs: [input([2])], attrs: { axis: 0 } },
    { inputs: [input([2, 3]), input([1, 3]), input([4, 3])], attrs: { axis: 0 } },
    { inputs: [input([2, 3, 2]), input([2, 1, 2])], attrs: { axis: 1 } },
  ],
  gather: [
    { inputs: [input([5]), indices([3], 5)], attrs: {} },
    { inputs: [input([6, 3]), indices([2, 4], 6)], attrs: {} },
  ],
  scatterAdd: [
    { inputs: [input([3]), indices([3], 4)], attrs: { rows: 4 } },
    { inputs: [input([2, 4, 3]), indices([2, 4], 6)], attrs: { rows: 6 } },
  ],
  oneHot: [
    { inputs: [indices([4], 5)], attrs: { depth: 5, dtype: "float32" } },
    { inputs: [indices([2, 3], 7)], attrs: { depth: 7, dtype: "float32" } },
  ],

  matmul: matmulCases,
  conv2d: convCases(({ x, w, attrs }) => ({ inputs: [input(x), input(w)], attrs })),
  conv2dBias: [
    ...convCases(({ x, w, y, attrs }) => ({
      inputs: [input(x), input(w), input([y[3]!])],
      attrs: { ...attrs, activation: "none" as const },
    })),
    ...convCases(({ x, w, y, attrs }) => ({
      // few enough outputs near 0 for central differences to keep off the kink
      inputs: [input(x), input(w), input([y[3]!], "positive")],
      attrs: { ...attrs, activation: "relu" as const },
    })),
  ],
  conv2dInputGrad: convCases(({ x, w, y, attrs }) => ({
    inputs: [input(y), input(w)],
    attrs: { ...attrs, inputShape: x },
  })),
  conv2dWeightGrad: convCases(({ x, w, y, attrs }) => ({
    inputs: [input(x), input(y)],
    attrs: { ...attrs, weightShape: w },
  })),
  avgPool2d: poolGrid.map(({ x, attrs }) => ({ inputs: [input(x)], attrs })),
  avgPool2dGrad: poolGrid.map(({ x, y, attrs }) => ({ inputs: [input(y)], attrs: { ...attrs, inputShape: x } })),
  maxPool2d: poolGrid.map(({ x, attrs }) => ({ inputs: [input(x, "distinct")], attrs })),
  maxPool2dGrad: poolGrid.map(({ x, y, attrs }) => ({ inputs: [input(y), input(x, "distinct")], attrs })),

  batchNorm: normCases((shape, c) => [input(shape), c, c]),
  batchNormGrad: normCases((shape, c, positive) => [input(shape), input(shape), c, c, positive]),
  batchNormEval: normCases((shape, c, positive) => [input(shape), c, c, c, positive]),

  patchMoments: momentCases((x, _, attrs) => ({ inputs: [x], attrs })),
  patchMomentsGrad: momentCases((x, k, attrs) => ({
    inputs: [x, double([attrs.groups, k]), double([attrs.groups, k]), double([attrs.groups, k, k])],
    attrs,
  })),
  foldBranches: foldCases(({ moments, branches }) => ({ inputs: [...moments, ...branches] as [Input, Input] })),
  foldBranchesGrad: foldCases(({ k, moments, branches, count, weight }) => {
    const cOut = weight[3]!;
    const kept = [input([count, cOut], "positive"), input([count, k, cOut])];
    return { inputs: [input(weight), input([cOut]), moments[0], ...kept, ...branches] };
  }),
  foldMomentsGrad: foldCases(({ branches, count, weight }) => {
    const statistics: Shape = [count, weight[3]!];
    return {
      inputs: [input(statistics), input([weight[3]!]), input(weight), input(statistics, "positive"), ...branches],
    };
  }),
};
