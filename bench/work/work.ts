/** The whole-network work that is measured: a training step, or one answer of the deployed network. */

import { compile } from "../../src/compile/compile.js";
import type { Batch } from "../../src/data/reading/loader.js";
import { models, noGrad, scope, type Tensor } from "../../src/index.js";
import { mobileoneS0 } from "../../src/models/mobileone/recipe-s0.js";
import type { TrainingChoice } from "../../src/models/training-choice.js";
import { Session } from "../../src/train/steps/session.js";
import { WholeUpdate } from "../../src/train/steps/whole-update.js";
import { UsageError } from "../../src/util/errors.js";
import { operand } from "../measure/case.js";

/** "train": a recipe's update from a made-up batch, from bytes to averaged weights. "deploy": the folded network, without gradients. */
export type Form = "train" | "deploy";

export interface StepWork {
  readonly form: Form;
  readonly model: string;
  readonly imageSize: number;
  readonly batch: number;
  readonly threads: number;
  /** How blocks train. Default auto. */
  readonly training?: TrainingChoice;
  /** Op by op instead of a replayed recording. Default false. */
  readonly isEager?: boolean;
  /** Kernels of paired vectors, in a Node that has them. Default false. */
  readonly turbo?: boolean;
}

const NUM_CLASSES = 1000;

export const workName = ({
  form,
  model,
  imageSize,
  batch,
  training = "auto",
  isEager,
}: Omit<StepWork, "threads">): string =>
  `${model} ${form} ${imageSize} px, batch ${batch}${form === "deploy" || training === "plain" ? "" : `, ${training}`}${isEager ? ", eager" : ""}`;

/** A made-up batch, the same every time. */
export function makeBatch({ imageSize, batch }: Pick<StepWork, "imageSize" | "batch">): Batch {
  const images = Uint8Array.from({ length: batch * imageSize ** 2 * 3 }, (_, i) => (i * 2654435761) >>> 24);
  return {
    images,
    labels: Int32Array.from({ length: batch }, (_, i) => (i * 389) % NUM_CLASSES),
    indices: Uint32Array.from({ length: batch }, (_, i) => i),
    size: batch,
    height: imageSize,
    width: imageSize,
    dataWaitMs: 0,
    next: { epoch: 0, position: 0 },
    release: () => {},
  };
}

/** Sets the work up on the backend in use; each call of the result does it once. Throws UsageError for an unknown form. */
export function prepareWork(work: StepWork): () => void {
  if (work.form !== "train" && work.form !== "deploy")
    throw new UsageError(`bench: form is ${work.form}, expected train or deploy`);
  // how fast a network is does not depend on its weights, so the deploy form is made directly
  const { training = "auto" } = work;
  const model = models.createModel(work.model, { numClasses: NUM_CLASSES, deploy: work.form === "deploy", training });
  if (work.form === "train") {
    const step = new WholeUpdate(new Session({ ...mobileoneS0, model: work.model }, model, 1000));
    const batch = makeBatch(work);
    return () => void step.run(batch);
  }
  model.eval();
  const images = operand([work.batch, work.imageSize, work.imageSize, 3]);
  const answer = compile((x: Tensor) => noGrad(() => model.forward(x)));
  // reading the answer is part of giving it
  return () => scope(() => void answer(images).dataSync());
}
