/**
 * What a run leaves for others: one of its two sets of weights, and their folded form with its certificate.
 */
import { type Certificate, type MobileOne, reparameterize } from "../models/index.js";
import type { ValidationInfo } from "./events.js";
import { saveModelFile, type WeightSet } from "./model-file.js";
import type { Recipe } from "./recipe.js";
import type { Session } from "./session.js";

/** Names in a run folder. */
export const modelFileName = "model.safetensors";
export const deployFileName = "model-deploy.safetensors";

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

/** Writes both files. The session's own weights are as before. */
export async function writeFinalModel(
  session: Session,
  classes: readonly string[],
  weights: WeightSet,
  { modelFile, deployFile }: FinalFiles,
): Promise<Certificate> {
  const model = session.model as MobileOne;
  const about = { recipe: session.recipe, classes, weights };
  const write = async () => {
    model.eval();
    await saveModelFile(modelFile, model, about);
    const folded = await reparameterize(model, { probe: { imageSize: session.recipe.images.evalSize } });
    await saveModelFile(deployFile, folded.model, about);
    folded.model.dispose();
    return folded.certificate;
  };
  return weights === "raw" ? write() : session.ema.withAverages(write);
}
