/** Every kernel benchmark. A new group is a file with a table here beside the others. */
import type { Case } from "../measure/case.js";
import { batchNorm } from "./batch-norm.bench.js";
import { convolution } from "./convolution.bench.js";
import { elementwise } from "./elementwise.bench.js";
import { gemm } from "./gemm.bench.js";
import { images } from "./images.bench.js";
import { optimizer } from "./optimizer.bench.js";

export interface Sizes {
  readonly batch: number;
  readonly imageSize: number;
}

/** The work of MobileOne's published training step. */
export const publishedSizes: Sizes = { batch: 32, imageSize: 224 };

export function kernelCases({ batch, imageSize }: Sizes): readonly Case[] {
  return [
    ...gemm,
    ...convolution(batch, imageSize),
    ...batchNorm(batch, imageSize),
    ...elementwise(batch, imageSize),
    ...optimizer,
    ...images,
  ];
}
