/**
 * The layers of MobileOne-S0 as shapes, read off the model's own table: each distinct one once, with how many there are.
 */

import type { SummaryRow } from "../../src/models/costs/costs.js";
import { summarize } from "../../src/models/index.js";

export interface Layer {
  readonly type: SummaryRow["type"];
  readonly inChannels: number;
  readonly outChannels: number;
  readonly stride: number;
  /** Sides of input and output, which are square. */
  readonly inSize: number;
  readonly outSize: number;
  /** Convolutions of this kind in the network, branches counted one by one. */
  readonly convs: number;
  /** 1×1 convolutions beside them. */
  readonly scales: number;
  /** Batch norms over their results, skip branches included. */
  readonly norms: number;
  /** Blocks of this kind. */
  readonly blocks: number;
}

/** Distinct convolution blocks of S0's training form for square images, in the order of the network. */
export function s0Layers(imageSize: number): Layer[] {
  const found = new Map<string, Layer>();
  let inSize = imageSize;
  for (const row of summarize("mobileone_s0", { imageSize }).rows) {
    if (row.type === "linear") continue;
    const { type, inChannels, outChannels, stride, branches, outputShape, train } = row;
    const outSize = outputShape[0]!;
    const key = [type, inChannels, outChannels, stride, inSize].join(" ");
    const before = found.get(key);
    found.set(key, {
      ...{ type, inChannels, outChannels, stride, inSize, outSize },
      convs: (before?.convs ?? 0) + branches.convs,
      scales: (before?.scales ?? 0) + Number(branches.scale),
      norms: (before?.norms ?? 0) + train.batchNorms,
      blocks: (before?.blocks ?? 0) + 1,
    });
    inSize = outSize;
  }
  return [...found.values()];
}
