/**
 * A step of training with one replica in one process: forward, backward, optimiser and averages, recorded once and
 * replayed as one program. Reads as the recipe does.
 */
import { compile } from "../../compile/compile.js";
import type { Batch } from "../../data/reading/loader.js";
import type { TypedArray } from "../../tensor/dtype.js";
import { scope } from "../../tensor/scope.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { StepRates } from "../recipes/schedule.js";
import { BatchLoss, type StepInputs } from "./batch-loss.js";
import { recordingsOfAPhase, type Session, type UpdateResult } from "./session.js";

export class WholeUpdate {
  readonly #session: Session;
  readonly #loss: BatchLoss;

  readonly #update = compile(
    (inputs: StepInputs) => this.#loss.backward(inputs, () => this.#session.applyGradients()),
    recordingsOfAPhase,
  );

  constructor(session: Session) {
    this.#session = session;
    this.#loss = new BatchLoss(session);
  }

  /** One update of every parameter and average from one batch. Throws DivergedError when the loss is no number. */
  run(batch: Batch): UpdateResult {
    return this.#finish(
      batch,
      this.#step(batch, (x) => x.dataSync()),
    );
  }

  /** The same on a backend whose values come later. */
  async runLater(batch: Batch): Promise<UpdateResult> {
    const { rates, ...later } = this.#step(batch, (x) => x.data());
    // a device that is lost fails both
    const [loss, logits] = await Promise.all([later.loss, later.logits]);
    return this.#finish(batch, { rates, loss, logits });
  }

  /** Runs the step and asks for its results while they are there. */
  #step<T>(batch: Batch, read: (x: Tensor) => T): { readonly rates: StepRates; readonly loss: T; readonly logits: T } {
    const rates = this.#session.beginStep();
    return scope(() => {
      const { loss, logits } = this.#update(this.#loss.inputs(batch));
      return { rates, loss: read(loss), logits: read(logits) };
    });
  }

  #finish(
    batch: Batch,
    {
      rates,
      loss: losses,
      logits,
    }: { readonly rates: StepRates; readonly loss: TypedArray; readonly logits: TypedArray },
  ): UpdateResult {
    const session = this.#session;
    const result = this.#loss.result(batch, losses, logits);
    session.expectFinite(result.loss);
    session.step++;
    return { rates, ...result };
  }
}
