/**
 * What a run leaves for others: one of its two sets of weights, and their folded form with its certificate. Folding comes
 * first: weights without a certificate leave no file.
 */
import { type Classifier, FoldError, type Reparameterized } from "../../models/index.js";
import type { Recipe } from "../../models/recipe.js";
import type { ValidationInfo } from "../loggers/events.js";
import type { Session } from "../steps/session.js";
import { foldAt } from "./fold-model.js";
import { type FileSubject, saveModelFile, type WeightSet } from "./model-file.js";

/** Names in a run folder. */
export const MODEL_FILE_NAME = "model.safetensors";
export const DEPLOY_FILE_NAME = "model-deploy.safetensors";
export const BEST_FILE_NAME = "best.safetensors";
export const BEST_DEPLOY_FILE_NAME = "best-deploy.safetensors";

export interface FinalFiles {
  readonly modelFile: string;
  readonly deployFile: string;
}

/**
 * Which weights a run delivers: the averaged ones; after a short run those that the last validation found better, where it
 * looked at both. Equal figures leave it at the average.
 */
export function chooseWeights({ plan }: Recipe, validation: ValidationInfo | null): WeightSet {
  if (plan !== "short" || !validation?.raw) return "averaged";
  const { top1, loss } = validation.raw;
  return Number.isFinite(loss) && top1 > validation.top1 ? "raw" : "averaged";
}

/** Runs `body` with one of the two sets of weights in the model. */
const withWeights = <T>({ ema }: Session, weights: WeightSet, body: () => Promise<T>): Promise<T> =>
  weights === "raw" ? body() : ema.withAverages(body);

/** One set of weights folded. Throws DivergedError where the two forms do not answer with finite numbers. */
export async function foldWeights(session: Session, weights: WeightSet): Promise<Reparameterized> {
  const { model, recipe, step } = session;
  try {
    return await withWeights(session, weights, () => foldAt(model.eval(), recipe.images.evalSize));
  } catch (error) {
    if (!(error instanceof FoldError)) throw error;
    throw session.diverged(`the ${weights} weights after step ${step} have no certificate: ${error.summary}`);
  }
}

/** Writes both files, with `more` in what they say of themselves. The session's own weights are as before; the folded model is used up. */
export async function writeFinalModel(
  session: Session,
  folded: Classifier,
  classes: readonly string[],
  weights: WeightSet,
  { modelFile, deployFile }: FinalFiles,
  more: Pick<FileSubject, "step"> = {},
): Promise<void> {
  const about = { recipe: session.recipe, classes, weights, ...more };
  await withWeights(session, weights, () => saveModelFile(modelFile, session.model, about));
  await saveModelFile(deployFile, folded, about);
  folded.dispose();
}
