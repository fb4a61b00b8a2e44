/**
 * Batch norm on the shapes of S0. Forward has to read x twice (statistics, then normalise), backward dy and x twice; fusion
 * with the producer or consumer can save passes, a kernel on its own cannot.
 */
import type { Shape } from "../../src/tensor/shape.js";
import { bytesOf, type Case, opCase } from "../measure/case.js";
import { type LayerOptions, s0Layers } from "../work/layers.js";

const attrs = { eps: 1e-5 };

function cases(x: Shape, perStep: number): Case[] {
  const c = [x.at(-1)!];
  const where = `${c[0]}@${x[1]}`;
  const row = { group: "batch norm", perStep, attrs };
  return [
    opCase({ ...row, name: `batch norm ${where} forward`, op: "batchNorm", shapes: [x, c, c], extraBytes: bytesOf(x) }),
    opCase({
      ...row,
      name: `batch norm ${where} backward`,
      op: "batchNormGrad",
      shapes: [x, x, c, c, c],
      extraBytes: bytesOf(x, x),
    }),
  ];
}

export function batchNorm(options: LayerOptions): readonly Case[] {
  const counts = new Map<string, { readonly shape: Shape; readonly norms: number }>();
  for (const { outChannels, outSize, norms } of s0Layers(options)) {
    const shape = [options.batch, outSize, outSize, outChannels];
    const key = shape.join();
    counts.set(key, { shape, norms: norms + (counts.get(key)?.norms ?? 0) });
  }
  return [...counts.values()].flatMap(({ shape, norms }) => cases(shape, norms));
}
