/**
 * A step of training with one replica in one process: forward, backward, optimiser and averages, recorded once and
 * replayed as one program. Reads as the recipe does.
 */
import { compile } from "../../compile/compile.js";
import type { Batch } from "../../data/reading/loader.js";
import { crossEntropy } from "../../nn/loss.js";
import type { TypedArray } from "../../tensor/dtype.js";
import { scope } from "../../tensor/scope.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { StepRates } from "../recipes/schedule.js";
import { lossOf } from "./finite.js";
import { BatchInput } from "./input.js";
import { countTopK } from "./metrics.js";
import { recordingsOfAPhase, type Session, type UpdateResult } from "./session.js";

export class WholeUpdate {
  readonly #session: Session;
  readonly #input = new BatchInput();

  /** images [N, H, W, 3], labels [N] -> loss, logits [N, classes]. */
  readonly #update = compile((images: Tensor, labels: Tensor) => {
    const { model, recipe } = this.#session;
    const logits = model.forward(images).keep();
    const loss = crossEntropy(logits, labels, recipe.loss);
    loss.backward();
    this.#session.applyGradients();
    const answers = logits.detach();
    logits.dispose();
    return { loss, logits: answers };
  }, recordingsOfAPhase);

  constructor(session: Session) {
    this.#session = session;
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
      const { images, labels } = this.#input.tensors(batch);
      const { loss, logits } = this.#update(images, labels);
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
    const loss = lossOf(losses[0]!, logits);
    session.expectFinite(loss);
    session.step++;
    return { rates, loss, correct: countTopK(logits, batch.labels, 1), images: batch.size };
  }
}
