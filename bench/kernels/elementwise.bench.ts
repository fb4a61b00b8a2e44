/** What is bound by memory alone: activations and sums of branches; and what an op costs that has nothing to do. */
import { type Case, opCase } from "../measure/case.js";
import { type LayerOptions, s0Layers } from "../work/layers.js";

/** How often tensors of one shape are met in a step. */
interface Counts {
  /** Blocks with this output, branch by branch and folded, where the gradient of bias and relu is one op. */
  branchwise: number;
  folded: number;
  /** Sums of branches forward, where this is the output, and of gradients, where it is the input. */
  adds: number;
}

export function elementwise(options: LayerOptions): readonly Case[] {
  const shapes = new Map<string, { readonly x: readonly number[]; readonly counts: Counts }>();
  const countsOf = (side: number, channels: number): Counts => {
    const x = [options.batch, side, side, channels];
    const found = shapes.get(x.join()) ?? { x, counts: { branchwise: 0, folded: 0, adds: 0 } };
    shapes.set(x.join(), found);
    return found.counts;
  };
  for (const { type, inSize, outSize, inChannels, outChannels, blocks, folded, norms } of s0Layers(options)) {
    const output = countsOf(outSize, outChannels);
    const sums = norms - (blocks - folded);
    output.branchwise += blocks - folded;
    output.folded += folded;
    output.adds += sums;
    // a folded block adds what reaches x through its moments to what reaches it through the convolution
    if (type !== "stem") countsOf(inSize, inChannels).adds += sums + folded;
  }
  const rows = [...shapes.values()].flatMap(({ x, counts }): Case[] => {
    const where = `${x[3]}@${x[1]}`;
    const row = { group: "elementwise", attrs: {}, perStep: counts.branchwise };
    return [
      opCase({ ...row, name: `relu ${where}`, op: "relu", shapes: [x] }),
      opCase({ ...row, name: `relu ${where} backward`, op: "reluGrad", shapes: [x, x] }),
      opCase({
        ...{ ...row, perStep: counts.folded, name: `bias and relu ${where} backward`, op: "biasReluGrad" },
        shapes: [x, x],
      }),
      opCase({ ...row, name: `add ${where}`, op: "add", shapes: [x, x], perStep: counts.adds }),
    ];
  });
  // 4 numbers: the time is that of JavaScript, allocation, dispatch
  return [...rows, opCase({ group: "engine", name: "add of 4 numbers", op: "add", shapes: [[4], [4]], attrs: {} })];
}
