import type { Attrs, Conv2dAttrs, Pair } from "../../../src/ops/spec/index.js";
import type { ProductOps } from "../../../src/ops/spec/products.js";
import { windowOutput } from "../../../src/ops/window-output.js";
import type { Shape } from "../../../src/tensor/shape.js";
import { type Case, input } from "./input.js";

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
    paddingEnd,
  }: { stride?: number; padding?: number; dilation?: number; groups?: number; paddingEnd?: Pair },
  isLarge = false,
): ConvGeometry[] {
  const oh = windowOutput(h, kernel[0], stride, padding, dilation, paddingEnd?.[0]);
  const ow = windowOutput(width, kernel[1], stride, padding, dilation, paddingEnd?.[1]);
  if (oh < 1 || ow < 1) return [];
  return [
    {
      x: [n, h, width, cIn],
      w: [...kernel, cIn / groups, cOut],
      attrs: {
        stride: [stride, stride],
        padding: [padding, padding],
        ...(paddingEnd && { paddingEnd }),
        dilation: [dilation, dilation],
        groups,
      },
      y: [n, oh, ow, cOut],
      isLarge,
    },
  ];
}

/** groups × stride × dilation × padding × odd sizes; a peer shipped wrong strided grouped gradients that this finds. */
export const convGrid: readonly ConvGeometry[] = [
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
  // opposite sides padded differently; a negative end leaves rows out, as a transposed convolution's outputPadding does
  ...([[3, 5, 1] as const, [4, 6, 2] as const, [4, 4, 4] as const] as const).flatMap(([cIn, cOut, groups]) => [
    ...geometry([1, 6, 5, cIn], [3, 3], cOut, { padding: 0, paddingEnd: [1, 2], groups }),
    ...geometry([2, 6, 5, cIn], [3, 2], cOut, { stride: 2, padding: 1, paddingEnd: [0, 2], groups }),
    ...geometry([2, 6, 7, cIn], [3, 3], cOut, { stride: 3, padding: 1, dilation: 2, paddingEnd: [-1, -2], groups }),
    ...geometry([1, 4, 5, cIn], [1, 1], cOut, { padding: 0, paddingEnd: [1, 0], groups }),
  ]),
  // windows that tile the image: patches
  ...geometry([2, 6, 4, 5], [2, 2], 7, { stride: 2 }),
  ...geometry([1, 6, 9, 3], [3, 3], 4, { stride: 3 }),
  ...geometry([2, 14, 10, 48], [2, 2], 36, { stride: 2 }, true),
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

export const productsCases: { readonly [K in keyof ProductOps]: readonly Case<Attrs<K>>[] } = {
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
};
