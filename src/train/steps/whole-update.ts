/**
 * A step of training with one replica in one process: forward, backward, optimiser and averages, recorded once and
 * replayed as one program. Reads as the recipe does.
 */
import { compile } from "../../compile/compile.js";
import type { Batch } from "../../data/reading/loader.js";
import type { TypedArray } from "../../tensor/dtype.js";
import { scope } from "../../tensor/scope.js";
import type { Tensor } from "../../tensor/tensor.js";
import { BatchLoss, type BatchLossOptions, type StepInputs } from "./batch-loss.js";
import { recordingsOfAPhase, type Session, type UpdateResult } from "./session.js";

export class WholeUpdate {
  readonly #session: Session;
  readonly #loss: BatchLoss;

  readonly #update = compile(
    (inputs: StepInputs) => this.#loss.backward(inputs, () => this.#session.applyGradients()),
    recordingsOfAPhase,
  );

  constructor(session: Session, options: BatchLossOptions = {}) {
    this.#session = session;
    this.#loss = new BatchLoss(session, options);
  }

  /** One update of every parameter and average from one batch. Throws DivergedError when the loss is no number. */
  run(batch: Batch): UpdateResult {
    const { loss, logits, finish } = this.#step(batch, (x) => x.dataSync());
    return finish(loss, logits);
  }

  /** The same on a backend whose values come later. */
  async runLater(batch: Batch): Promise<UpdateResult> {
    const { loss, logits, finish } = this.#step(batch, (x) => x.data());
    // a device that is lost fails both
    return finish(...(await Promise.all([loss, logits])));
  }

  /** Runs the step and asks for its results while they are there; `finish` makes the numbers of them. */
  #step<T>(batch: Batch, read: (x: Tensor) => T) {
    const session = this.#session;
    const rates = session.beginStep();
    const mix = this.#loss.mixOf(batch, 0);
    const finish = (loss: TypedArray, logits: TypedArray): UpdateResult => {
      const result = this.#loss.result(batch, mix, loss, logits);
      session.expectFinite(result.loss);
      session.step++;
      return { rates, ...result };
    };
    return scope(() => {
      const { loss, logits } = this.#update(this.#loss.inputs(batch, mix));
      return { loss: read(loss), logits: read(logits), finish };
    });
  }
}
