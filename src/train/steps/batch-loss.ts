/**
 * From a batch to its loss and gradients, and to what is told of them: the part of a step that both updates share. The tensors of a
 * batch are made outside of the compiled step and handed to it; the step's program reads nothing else of the batch.
 */
import type { Batch } from "../../data/reading/batch.js";
import { persistent } from "../../nn/parameter.js";
import type { TypedArray } from "../../tensor/dtype.js";
import type { Tensor } from "../../tensor/tensor.js";
import { lossOf } from "./finite.js";
import { BatchInput } from "./input.js";
import { countTopK } from "./metrics.js";
import { drawMix, type Mix, type MixTensors, mixImages, mixLabels, mixTensors, mostlyLabels } from "./mix.js";
import { recipeLoss } from "./recipe-loss.js";
import type { Session } from "./session.js";

/** What a compiled step is given of a batch. */
export interface StepInputs {
  /** [N, H, W, 3]. */
  readonly images: Tensor;
  /** [N]. */
  readonly labels: Tensor;
  /** null where the recipe mixes no batches. */
  readonly mix: MixTensors | null;
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

/** What updates know of their run beside the session. */
export interface BatchLossOptions {
  /** Of the run: what is drawn for batches follows from it. Default 0. */
  readonly seed?: number;
  /** What `loss.classWeights` of the recipe comes to with the run's pictures, [classes]. Default: all count alike. */
  readonly classWeights?: readonly number[] | null;
}

export class BatchLoss {
  readonly #session: Session;
  readonly #seed: number;
  readonly #input = new BatchInput();
  /** [classes]. */
  readonly #classWeights: Tensor | null;

  constructor(session: Session, { seed = 0, classWeights: weights = null }: BatchLossOptions = {}) {
    this.#session = session;
    this.#seed = seed;
    this.#classWeights = weights && persistent([weights.length], "float32", Float32Array.from(weights));
  }

  /** How a batch is mixed, `place` among those of the step that the session is at; null where the recipe mixes none. */
  mixOf(batch: Batch, place: number): Mix | null {
    const { recipe, step } = this.#session;
    return recipe.batchAugments ? drawMix(recipe.batchAugments, batch, { seed: this.#seed, step, place }) : null;
  }

  /** The tensors of a batch, before the compiled step. */
  inputs(batch: Batch, mix: Mix | null): StepInputs {
    return { ...this.#input.tensors(batch), mix: mix && mixTensors(mix, batch) };
  }

  /** Forward and backward; `move` uses the gradients while the logits are there. Inside a compiled step. */
  backward({ images, labels, mix }: StepInputs, move: () => void): StepAnswers {
    const { model, recipe, scaler } = this.#session;
    const logits = model.forward(mix ? mixImages(images, mix) : images).keep();
    const target = mix ? mixLabels(labels, logits.shape[1]!, mix) : labels;
    const loss = recipeLoss(logits, target, recipe.loss, this.#classWeights);
    // what backward() starts from stays
    if (scaler) scaler.scale(loss.keep()).backward();
    else loss.backward();
    move();
    const answers = logits.detach();
    logits.dispose();
    if (!scaler) return { loss, logits: answers };
    const told = loss.detach();
    loss.dispose();
    return { loss: told, logits: answers };
  }

  /** The numbers of a batch from what its step gave; of a mixed one the label counts that each picture has most of. */
  result(batch: Batch, mix: Mix | null, [loss]: TypedArray, logits: TypedArray): BatchResult {
    const labels = mix ? mostlyLabels(mix, batch.labels) : batch.labels;
    return { loss: lossOf(Number(loss), logits), correct: countTopK(logits, labels, 1), images: batch.size };
  }
}
