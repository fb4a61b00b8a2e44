/** The recipe of an improvement: the library's for fine-tuning so many pictures, with what a person chose. */
import { finetuneRecipe, planRecipe } from "tensorone";
import type { Recipe } from "../../../src/models/recipe.js";
import type { TrainChoices } from "../../protocol.js";
import type { DeepStage } from "./stages.js";

/** What a training is, to the last number: it is saved, so that the training goes on as it began. */
export interface Plan {
  readonly stage: DeepStage;
  readonly seed: number;
  /** Augmented versions of each picture behind a frozen part. */
  readonly views: number;
  readonly recipe: Recipe;
  readonly stepsPerEpoch: number;
}

const VIEWS = 4;

/** What the plan is for. */
export interface PlanSubject {
  readonly model: string;
  readonly images: Recipe["images"];
  /** Of training. */
  readonly pictures: number;
}

export function planOf(stage: DeepStage, { model, images, pictures }: PlanSubject, choices: TrainChoices = {}): Plan {
  const own = finetuneRecipe(model, { pictures, images });
  const { epochs = own.epochs, batchSize = own.batchSize, lr = own.optimizer.lr, seed = 0, views = VIEWS } = choices;
  const stepsPerEpoch = Math.ceil(pictures / batchSize);
  const warmupEpochs = (own.schedule.warmupEpochs * epochs) / own.epochs;
  const chosen: Recipe = {
    ...own,
    epochs,
    batchSize,
    optimizer: { ...own.optimizer, lr },
    schedule: { ...own.schedule, warmupEpochs },
  };
  return { stage, seed, views, recipe: planRecipe(chosen, stepsPerEpoch), stepsPerEpoch };
}
