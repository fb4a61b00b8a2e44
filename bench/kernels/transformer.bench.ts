/**
 * What vision transformers and ConvNeXt add to convolutions: normalised rows, batched products, softmax; ViT-tiny's sizes (197
 * positions, 3 heads of 64, width 192), ConvNeXt-tiny's first stage (96 channels of 56 x 56), batches of 16.
 */
import { type Case, opCase } from "../measure/case.js";

const eps = { eps: 1e-5 };
const BATCH = 16;
const tokens = [BATCH, 197, 192] as const;
const pixels = [BATCH, 56, 56, 96] as const;
const heads = [BATCH, 3, 197, 64] as const;
const weights = [BATCH, 3, 197, 197] as const;
const product = { transposeA: false, transposeB: false } as const;

const row = { group: "transformer", perStep: 0 } as const;

const norms = (
  [
    ["197 x 192", tokens],
    ["56 x 56 x 96", pixels],
  ] as const
).flatMap(([name, x]): Case[] => {
  const c = [x.at(-1)!];
  const rows = x.slice(0, -1);
  return [
    opCase({ ...row, name: `layer norm ${name} forward`, op: "layerNorm", shapes: [x, c, c], attrs: eps }),
    opCase({
      ...row,
      name: `layer norm ${name} backward`,
      op: "layerNormGrad",
      shapes: [x, x, c, rows, rows],
      attrs: {},
    }),
  ];
});

export const transformer: readonly Case[] = [
  ...norms,
  opCase({
    ...row,
    name: "scores of queries and keys",
    op: "matmul",
    shapes: [heads, heads],
    attrs: { ...product, transposeB: true },
  }),
  opCase({ ...row, name: "softmax of scores", op: "softmax", shapes: [weights], attrs: { axis: 3 } }),
  opCase({ ...row, name: "values by weights", op: "matmul", shapes: [weights, heads], attrs: product }),
  opCase({
    ...row,
    name: "gradient of keys",
    op: "matmul",
    shapes: [weights, heads],
    attrs: { ...product, transposeA: true },
  }),
];
