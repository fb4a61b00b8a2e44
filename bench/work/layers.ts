/**
 * The layers of MobileOne-S0 as shapes, read off the model's own table: each distinct one once, with how many there are.
 */
import { wasmSpeeds } from "../../src/backends/wasm/speeds.js";
import type { SummaryRow } from "../../src/models/costs/costs.js";
import { summarize, summarizeTraining, type TrainingChoice } from "../../src/models/index.js";

export interface Layer {
  readonly type: SummaryRow["type"];
  readonly inChannels: number;
  readonly outChannels: number;
  readonly stride: number;
  /** Sides of input and output, which are square. */
  readonly inSize: number;
  readonly outSize: number;
  /** Blocks of this kind, and how many of them train folded: as one convolution and moments. */
  readonly blocks: number;
  readonly folded: number;
  /** Convolutions of those that train branch by branch, the branches counted one by one. */
  readonly convs: number;
  /** 1×1 convolutions beside them. */
  readonly scales: number;
  /** Batch norms over their results, skip branches included. */
  readonly norms: number;
  /** Branches of one block: with a kernel of its own size, with a 1×1 kernel beside that, with none. */
  readonly branches: SummaryRow["branches"];
}

/** Images of a step, and how blocks train. */
export interface LayerOptions {
  readonly batch: number;
  readonly imageSize: number;
  readonly training: TrainingChoice;
}

/** Distinct convolution blocks of S0's training form for square images, in the order of the network. */
export function s0Layers({ batch, imageSize, training }: LayerOptions): Layer[] {
  const found = new Map<string, Layer>();
  const forms = summarizeTraining("mobileone_s0", { imageSize, batchSize: batch, backend: { speeds: wasmSpeeds } });
  const formOf = new Map(forms.map(({ name, form }) => [name, training === "auto" ? form : training]));
  let inSize = imageSize;
  for (const row of summarize("mobileone_s0", { imageSize }).rows) {
    if (row.type === "linear") continue;
    const isFolded = formOf.get(row.name) === "folded";
    const { type, inChannels, outChannels, stride, branches, outputShape, train } = row;
    const outSize = outputShape[0]!;
    const key = [type, inChannels, outChannels, stride, inSize].join(" ");
    const before = found.get(key);
    found.set(key, {
      ...{ type, inChannels, outChannels, stride, inSize, outSize },
      branches,
      blocks: (before?.blocks ?? 0) + 1,
      folded: (before?.folded ?? 0) + Number(isFolded),
      convs: (before?.convs ?? 0) + (isFolded ? 0 : branches.convs),
      scales: (before?.scales ?? 0) + (isFolded ? 0 : Number(branches.scale)),
      norms: (before?.norms ?? 0) + (isFolded ? 0 : train.batchNorms),
    });
    inSize = outSize;
  }
  return [...found.values()];
}
