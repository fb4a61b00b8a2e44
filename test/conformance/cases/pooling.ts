import { windowOutput } from "../../../src/ops/shapes/index.js";
import type { Attrs, Pair } from "../../../src/ops/spec/index.js";
import type { PoolingOps } from "../../../src/ops/spec/pooling.js";
import { type Case, input } from "./input.js";

const poolGrid = ([2, 3] as const).flatMap((k) =>
  [1, 2].flatMap((stride) =>
    [0, 1].map((padding) => ({
      x: [2, 6, 5, 3] as const,
      attrs: { kernelSize: [k, k] as Pair, stride: [stride, stride] as Pair, padding: [padding, padding] as Pair },
      y: [2, windowOutput(6, k, stride, padding, 1), windowOutput(5, k, stride, padding, 1), 3],
    })),
  ),
);

export const poolingCases: { readonly [K in keyof PoolingOps]: readonly Case<Attrs<K>>[] } = {
  avgPool2d: poolGrid.map(({ x, attrs }) => ({ inputs: [input(x)], attrs })),
  avgPool2dGrad: poolGrid.map(({ x, y, attrs }) => ({ inputs: [input(y)], attrs: { ...attrs, inputShape: x } })),
  maxPool2d: poolGrid.map(({ x, attrs }) => ({ inputs: [input(x, "distinct")], attrs })),
  maxPool2dGrad: poolGrid.map(({ x, y, attrs }) => ({ inputs: [input(y), input(x, "distinct")], attrs })),
};
