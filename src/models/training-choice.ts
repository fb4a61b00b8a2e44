/**
 * The forms in which a block of branches can compute its training step.
 */
import type { StorageBackend } from "../tensor/storage.js";
import { UsageError } from "../util/errors.js";

/** How a block trains: through the moments of its input, or branch by branch (docs/folded-training.md). */
export type TrainingForm = "folded" | "plain";
/** "auto" lets the family choose for each block and input size. */
export type TrainingChoice = "auto" | TrainingForm;

/** What a training step of one block costs, forward and backward. */
export interface TrainingCost {
  /** Multiply-adds of convolutions and of moments. */
  readonly macs: number;
  /** Multiply-adds in float64, between small matrices. */
  readonly doubleMacs: number;
  /** Elements read and written by what is bound by memory. */
  readonly elements: number;
}

/** What the choice depends on of a backend. */
export type TrainingBackend = Pick<StorageBackend, "speeds" | "hasFloat64Digits">;

/** For families that train as they are written. Throws UsageError where the folded form is asked for. */
export function expectPlain(where: string, training: TrainingChoice = "auto"): void {
  if (training === "folded")
    throw new UsageError(
      `${where}: training is "folded", expected "plain" or "auto"`,
      "moments of dense 3×3 patches cost more than the branches they replace (docs/folded-training.md 5)",
    );
}
