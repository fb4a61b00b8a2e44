/** Every kernel benchmark. A new group is a file with a table here beside the others. */
import type { TrainingChoice } from "../../src/models/training-choice.js";
import type { Case } from "../measure/case.js";
import { batchNorm } from "./batch-norm.bench.js";
import { convolution } from "./convolution.bench.js";
import { elementwise } from "./elementwise.bench.js";
import { gemm } from "./gemm.bench.js";
import { images } from "./images.bench.js";
import { moments } from "./moments.bench.js";
import { optimizer } from "./optimizer.bench.js";
import { transformer } from "./transformer.bench.js";

export interface Sizes {
  readonly batch: number;
  readonly imageSize: number;
}

/** The work of MobileOne's published training step. */
export const publishedSizes: Sizes = { batch: 32, imageSize: 224 };

/** The rows are the same for every form of training; how often a step needs each is not. */
export function kernelCases(sizes: Sizes, training: TrainingChoice = "auto"): readonly Case[] {
  const options = { ...sizes, training };
  return [
    ...gemm,
    ...convolution(options),
    ...moments(options),
    ...batchNorm(options),
    ...elementwise(options),
    ...optimizer,
    ...transformer,
    ...images,
  ];
}
