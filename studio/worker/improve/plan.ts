/**
 * What an improvement is: the folded network fine-tuned by AdamW, with the epochs, batches and pictures of the library's finetune. The
 * folded form has no batch norms, whose statistics some dozens of pictures cannot tell, and a quarter of the weights.
 */

import type { Recipe } from "../../../src/models/recipe.js";
import { finetuneRecipe } from "../../../src/train/recipes/finetune.js";
import type { TrainChoices } from "../../protocol.js";
import type { DeepStage } from "./stages.js";

/** A training to the last number: it is saved, so that it goes on as it began. */
export interface Plan {
  readonly stage: DeepStage;
  readonly seed: number;
  /** Augmented versions of each picture behind a frozen part. */
  readonly views: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly stepsPerEpoch: number;
  readonly lr: number;
  readonly weightDecay: number;
  readonly labelSmoothing: number;
  readonly images: Recipe["images"];
}

const VIEWS = 4;
/**
 * At the peak. Of 20 clothes of classes that the base has not seen, three draws, all of the network learning, 51, 51 and 62 of 100 others
 * are right; at three times this rate 47, 53 and 54, at ten times 53, 43 and 53; the head alone has 49, 49 and 60.
 */
const LR = 1e-4;
const WEIGHT_DECAY = 0.01;
/** Of the steps: the moments of AdamW are nothing at first. */
const WARMUP_SHARE = 0.1;

/** What the plan is for. */
export interface PlanSubject {
  readonly model: string;
  readonly images: Recipe["images"];
  /** Of training. */
  readonly pictures: number;
}

export function planOf(stage: DeepStage, { model, images, pictures }: PlanSubject, choices: TrainChoices = {}): Plan {
  const own = finetuneRecipe(model, { pictures, images });
  const { epochs = own.epochs, batchSize = own.batchSize, lr = LR, seed = 0, views = VIEWS } = choices;
  const { labelSmoothing } = own.loss;
  return {
    ...{ stage, seed, views, epochs, batchSize, lr, labelSmoothing },
    stepsPerEpoch: Math.ceil(pictures / batchSize),
    weightDecay: WEIGHT_DECAY,
    images: own.images,
  };
}

/** The learning rate at a step from 0: linear up, then half a cosine down. */
export function rateAt({ lr, epochs, stepsPerEpoch }: Plan, step: number): number {
  const steps = epochs * stepsPerEpoch;
  const warmup = Math.max(1, steps * WARMUP_SHARE);
  return lr * Math.min(1, (step + 1) / warmup) * 0.5 * (1 + Math.cos((Math.PI * step) / steps));
}
