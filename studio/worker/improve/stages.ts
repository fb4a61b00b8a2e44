/** How many blocks of a network stay as they are, by how far an improvement reaches. */
import type { Classifier } from "../../../src/models/index.js";
import type { Stage } from "../../protocol.js";

/** Stages that learn blocks. */
export type DeepStage = Exclude<Stage, "head">;

/** Blocks from the first on that are frozen: the last stage learns, half of the one before, all of it, or everything. */
export function frozenBlocks({ blocks }: Classifier, stage: DeepStage): number {
  const names = blocks.map(({ spec }) => spec.name.split(".")[0]);
  const last = names.indexOf(names.at(-1));
  const before = names.indexOf(names[last - 1]);
  const starts: { readonly [K in DeepStage]: number } = {
    stage4: last,
    halfStage3: before + Math.floor((last - before) / 2),
    stage3: before,
    all: 0,
  };
  return Math.max(0, starts[stage]);
}
