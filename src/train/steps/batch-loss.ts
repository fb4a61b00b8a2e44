/**
 * From a batch to its loss and gradients, and to what is told of them: the part of a step that both updates share. The tensors of a
 * batch are made outside of the compiled step and handed to it; the step's program reads nothing else of the batch.
 */
import type { Batch } from "../../data/reading/batch.js";
import { crossEntropy } from "../../nn/loss.js";
import type { TypedArray } from "../../tensor/dtype.js";
import type { Tensor } from "../../tensor/tensor.js";
import { lossOf } from "./finite.js";
import { BatchInput } from "./input.js";
import { countTopK } from "./metrics.js";
import type { Session } from "./session.js";

/** What a compiled step is given of a batch. */
export interface StepInputs {
  /** [N, H, W, 3]. */
  readonly images: Tensor;
  /** [N]. */
  readonly labels: Tensor;
}

/** What a compiled step gives. */
export interface StepAnswers {
  readonly loss: Tensor;
  /** [N, classes]. */
  readonly logits: Tensor;
}

/** What is told of a batch. */
export interface BatchResult {
  readonly loss: number;
  readonly correct: number;
  readonly images: number;
}

export class BatchLoss {
  readonly #session: Session;
  readonly #input = new BatchInput();

  constructor(session: Session) {
    this.#session = session;
  }

  /** The tensors of a batch, before the compiled step. */
  inputs(batch: Batch): StepInputs {
    return this.#input.tensors(batch);
  }

  /** Forward and backward; `move` uses the gradients while the logits are there. Inside a compiled step. */
  backward({ images, labels }: StepInputs, move: () => void): StepAnswers {
    const { model, recipe } = this.#session;
    const logits = model.forward(images).keep();
    const loss = crossEntropy(logits, labels, recipe.loss);
    loss.backward();
    move();
    const answers = logits.detach();
    logits.dispose();
    return { loss, logits: answers };
  }

  /** The numbers of a batch from what its step gave. */
  result(batch: Batch, [loss]: TypedArray, logits: TypedArray): BatchResult {
    return { loss: lossOf(Number(loss), logits), correct: countTopK(logits, batch.labels, 1), images: batch.size };
  }
}
