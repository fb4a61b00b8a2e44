/**
 * A step of training with one replica in one process: forward, backward, optimiser and averages, recorded once and
 * replayed as one program. Reads as the recipe does.
 */
import { compile } from "../compile/compile.js";
import type { Batch } from "../data/loader.js";
import { crossEntropy } from "../nn/loss.js";
import { scope } from "../tensor/scope.js";
import type { Tensor } from "../tensor/tensor.js";
import { BatchInput } from "./input.js";
import { countTopK } from "./metrics.js";
import type { Session, UpdateResult } from "./session.js";

export class WholeUpdate {
  readonly #session: Session;
  readonly #input = new BatchInput();

  /** images [N, H, W, 3], labels [N] -> loss, logits [N, classes]. */
  readonly #update = compile((images: Tensor, labels: Tensor) => {
    const { model, recipe, optimizer, ema } = this.#session;
    const logits = model.forward(images).keep();
    const loss = crossEntropy(logits, labels, recipe.loss);
    loss.backward();
    optimizer.step();
    optimizer.zeroGrad();
    ema.update();
    return { loss, logits: logits.detach() };
  });

  constructor(session: Session) {
    this.#session = session;
  }

  /** One update of every parameter and average from one batch. Throws DivergedError when the loss is no number. */
  run(batch: Batch): UpdateResult {
    const session = this.#session;
    const rates = session.beginStep();
    const { loss, correct } = scope(() => {
      const { images, labels } = this.#input.tensors(batch);
      const result = this.#update(images, labels);
      return { loss: result.loss.item(), correct: countTopK(result.logits.dataSync(), batch.labels, 1) };
    });
    session.expectFinite(loss);
    session.step++;
    return { rates, loss, correct, images: batch.size };
  }
}
