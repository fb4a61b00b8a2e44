import type { Attrs } from "../../../src/ops/spec/index.js";
import type { NormPassOps } from "../../../src/ops/spec/norm-passes.js";
import type { Shape } from "../../../src/tensor/shape.js";
import { type Case, eps, type Input, input } from "./input.js";

const shapes: readonly Shape[] = [...[1, 3, 8, 13].map((c) => [2, 3, 2, c]), [5, 4]];
const largeShapes: readonly Shape[] = [
  [2, 30, 31, 12],
  [600, 21],
  [3, 16, 16, 48],
];

const normCases = <A>(build: (shape: Shape, c: number, i: number) => { inputs: readonly Input[]; attrs: A }) =>
  [...shapes, ...largeShapes].map((shape, i): Case<A> => {
    return { ...build(shape, shape.at(-1)!, i), isLarge: largeShapes.includes(shape) };
  });

const coefficients = (count: number, c: number): Input => input([count, c]);

/** Kinds of terms, by turns: one batch norm, a residual on either side, the branches of a block. */
const terms: readonly (readonly boolean[])[] = [[true], [true, false], [false, true], [true, true, true]];
const behind = ["biasRelu", "none", "relu"] as const;
/** Rows, input and output channels, whether the input is a branch itself. */
const products: readonly (readonly [number, number, number, boolean])[] = [
  ...([5, 7, 53] as const).map((rows) => [rows, 3, 6, false] as const),
  ...([4, 6, 50] as const).map((rows) => [rows, 5, 5, true] as const),
  [403, 20, 33, false],
  [300, 33, 33, true],
  [101, 24, 1100, false],
];

export const normPassesCases: { readonly [K in keyof NormPassOps]: readonly Case<Attrs<K>>[] } = {
  batchNormStatistics: normCases((shape, c) => ({ inputs: [input(shape), input([c]), input([c])], attrs: eps })),
  conv2dStatistics: products.map(([rows, cIn, cOut]) => ({
    inputs: [input([1, rows, 1, cIn]), input([1, 1, cIn, cOut]), input([cOut]), input([cOut])],
    attrs: eps,
    isLarge: rows * cOut > 5000,
  })),
  batchNormSum: normCases((shape, c, i) => {
    const normalized = terms[i % terms.length]!;
    const tables = normalized.filter((is) => is).map(() => coefficients(3, c));
    const attrs = { normalized, activation: i % 3 === 0 ? "none" : "relu" } as const;
    return { inputs: [...normalized.map(() => input(shape)), ...tables], attrs };
  }),
  batchNormGradSums: normCases((shape, c, i) => {
    const own = Array.from({ length: 1 + (i % 3) }, (_, branch) => 1e-5 * (1 + branch));
    const branch = [input(shape), input([c]), input([c]), input([c], "positive")];
    return { inputs: [input(shape), ...own.flatMap(() => branch)], attrs: { eps: own } };
  }),
  batchNormInputGrad: normCases((shape, c) => ({
    inputs: [input(shape), input(shape), coefficients(4, c)],
    attrs: {},
  })),
  normedInputGrad: products.flatMap(([rows, cIn, cOut, hasSkip]) =>
    behind.map((kind): Case<Attrs<"normedInputGrad">> => {
      const [x, z] = [input([1, rows, 1, cIn]), input([1, rows, 1, cOut])];
      const through = hasSkip ? [x, coefficients(4, cIn)] : kind === "none" ? [] : [x];
      return {
        inputs: [z, z, coefficients(4, cOut), input([1, 1, cIn, cOut]), ...through],
        attrs: { hasSkip, behind: kind },
        isLarge: rows * cOut > 5000,
      };
    }),
  ),
};
