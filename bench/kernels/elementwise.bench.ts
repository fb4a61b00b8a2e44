/** What is bound by memory alone: activations and sums of branches; and what an op costs that has nothing to do. */
import { type Case, opCase } from "../measure/case.js";
import { s0Layers } from "../work/layers.js";

/** How often tensors of one shape are met in a step. */
interface Counts {
  blocks: number;
  /** Sums of branches forward, where this is the output, and of their gradients, where it is the input. */
  adds: number;
}

export function elementwise(batch: number, imageSize: number): readonly Case[] {
  const shapes = new Map<string, { readonly x: readonly number[]; readonly counts: Counts }>();
  const countsOf = (side: number, channels: number): Counts => {
    const x = [batch, side, side, channels];
    const found = shapes.get(x.join()) ?? { x, counts: { blocks: 0, adds: 0 } };
    shapes.set(x.join(), found);
    return found.counts;
  };
  for (const { type, inSize, outSize, inChannels, outChannels, blocks, norms } of s0Layers(imageSize)) {
    const output = countsOf(outSize, outChannels);
    output.blocks += blocks;
    output.adds += norms - blocks;
    if (type !== "stem") countsOf(inSize, inChannels).adds += norms - blocks;
  }
  const rows = [...shapes.values()].flatMap(({ x, counts }): Case[] => {
    const where = `${x[3]}@${x[1]}`;
    const row = { group: "elementwise", attrs: {}, perStep: counts.blocks };
    return [
      opCase({ ...row, name: `relu ${where}`, op: "relu", shapes: [x] }),
      opCase({ ...row, name: `relu ${where} backward`, op: "reluGrad", shapes: [x, x] }),
      opCase({ ...row, name: `add ${where}`, op: "add", shapes: [x, x], perStep: counts.adds }),
    ];
  });
  // 4 numbers: the time is that of JavaScript, allocation, dispatch
  return [...rows, opCase({ group: "engine", name: "add of 4 numbers", op: "add", shapes: [[4], [4]], attrs: {} })];
}
