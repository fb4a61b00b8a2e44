import { inferShapes } from "../../../src/ops/shapes/index.js";
import type { Attrs, AvgPool2dAttrs, Pool2dAttrs } from "../../../src/ops/spec/index.js";
import type { PoolingOps } from "../../../src/ops/spec/pooling.js";
import type { Shape } from "../../../src/tensor/shape.js";
import { type Case, input } from "./input.js";

interface Pool<A> {
  readonly x: Shape;
  readonly attrs: A;
  readonly isLarge?: boolean;
}

const window = (kernel: number, stride: number, padding: number): Pool2dAttrs => ({
  kernelSize: [kernel, kernel],
  stride: [stride, stride],
  padding: [padding, padding],
});

const odd: Shape = [2, 6, 5, 3];
const poolGrid: readonly Pool<Pool2dAttrs>[] = [
  ...([2, 3] as const).flatMap((k) =>
    [1, 2].flatMap((stride) => [0, 1].map((padding) => ({ x: odd, attrs: window(k, stride, padding) }))),
  ),
  // a window that is left over, with and without padding; one that would start behind the image
  { x: odd, attrs: { ...window(3, 2, 0), ceilMode: true } },
  { x: odd, attrs: { ...window(2, 3, 1), ceilMode: true } },
  { x: [1, 3, 4, 2], attrs: { ...window(2, 3, 1), ceilMode: true } },
  // smaller than its window
  { x: [1, 2, 2, 5], attrs: { ...window(3, 2, 0), ceilMode: true } },
  { x: odd, attrs: { ...window(3, 2, 1), paddingEnd: [0, 1] } },
  { x: odd, attrs: { ...window(3, 1, 0), paddingEnd: [1, 1], ceilMode: true } },
  { x: odd, attrs: { ...window(2, 1, 1), dilation: [2, 3] } },
  { x: odd, attrs: { ...window(3, 2, 1), dilation: [2, 1], ceilMode: true } },
  { x: odd, attrs: { kernelSize: [6, 5], stride: [6, 5], padding: [0, 0] } },
  { x: odd, attrs: { kernelSize: [1, 4], stride: [3, 1], padding: [0, 2], paddingEnd: [0, 0] } },
  // strips of channels, tails of every width, several tasks
  { x: [2, 9, 7, 37], attrs: window(3, 2, 1), isLarge: true },
  { x: [3, 8, 8, 64], attrs: window(2, 2, 0), isLarge: true },
  { x: [1, 30, 31, 130], attrs: { ...window(3, 2, 1), ceilMode: true }, isLarge: true },
];

/** What a mean divides by, on windows that padding and ceilMode cut. */
const divided: readonly Pool<AvgPool2dAttrs>[] = [
  ...poolGrid.map(({ attrs, ...rest }) => ({ ...rest, attrs: { ...attrs, countIncludePad: false } })),
  ...poolGrid.slice(3, 12).map(({ attrs, ...rest }) => ({ ...rest, attrs: { ...attrs, divisorOverride: 3 } })),
  { x: odd, attrs: { ...window(3, 2, 1), countIncludePad: true, divisorOverride: null, ceilMode: false } },
  { x: odd, attrs: { ...window(3, 2, 1), countIncludePad: false, divisorOverride: -2.5 } },
];
const averages: readonly Pool<AvgPool2dAttrs>[] = [...poolGrid, ...divided];

type Op = "avgPool2d" | "maxPool2d";
const outputOf = (op: Op, x: Shape, attrs: Pool2dAttrs): Shape => inferShapes[op]([x], attrs)[0];
const isLarge = (pool: Pool<unknown>) => (pool.isLarge ? { isLarge: true } : {});

export const poolingCases: { readonly [K in keyof PoolingOps]: readonly Case<Attrs<K>>[] } = {
  avgPool2d: averages.map((pool) => ({ inputs: [input(pool.x)], attrs: pool.attrs, ...isLarge(pool) })),
  avgPool2dGrad: averages.map((pool) => ({
    inputs: [input(outputOf("avgPool2d", pool.x, pool.attrs))],
    attrs: { ...pool.attrs, inputShape: pool.x },
    ...isLarge(pool),
  })),
  maxPool2d: poolGrid.map((pool) => ({ inputs: [input(pool.x, "distinct")], attrs: pool.attrs, ...isLarge(pool) })),
  maxPool2dGrad: poolGrid.map((pool) => ({
    inputs: [input(outputOf("maxPool2d", pool.x, pool.attrs)), input(pool.x, "distinct")],
    attrs: pool.attrs,
    ...isLarge(pool),
  })),
  maxPool2dIndices: poolGrid.map((pool) => ({
    inputs: [input(pool.x, "distinct")],
    attrs: pool.attrs,
    ...isLarge(pool),
  })),
};
