/** Square matrix products: how near the register tile comes to the peak, without a network around it. */
import { type Case, opCase } from "../measure/case.js";

const sizes = [256, 512, 1024];

export const gemm: readonly Case[] = sizes.map((n) =>
  opCase({
    group: "gemm",
    name: `matmul ${n}³`,
    op: "matmul",
    shapes: [
      [n, n],
      [n, n],
    ],
    attrs: { transposeA: false, transposeB: false },
  }),
);
