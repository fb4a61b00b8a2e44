/**
 * What a run leaves for others: the averaged weights, and their folded form with its certificate. Folding comes first:
 * weights without a certificate leave no file.
 */
import { FoldError, type MobileOne, type Reparameterized, reparameterize } from "../models/index.js";
import { saveModelFile } from "./model-file.js";
import type { Session } from "./session.js";

export interface FinalFiles {
  readonly modelFile: string;
  readonly deployFile: string;
}

/** The averages folded. Throws DivergedError where the two forms do not answer with finite numbers. */
export async function foldAverages(session: Session): Promise<Reparameterized> {
  const { model, recipe, ema, step } = session;
  try {
    return await ema.withAverages(() => reparameterize(model.eval(), { probe: { imageSize: recipe.images.evalSize } }));
  } catch (error) {
    if (!(error instanceof FoldError)) throw error;
    throw session.diverged(`the averages after step ${step} have no certificate: ${error.summary}`);
  }
}

/** Writes both files. The session's own weights are as before; the folded model is used up. */
export async function writeFinalModel(
  session: Session,
  folded: MobileOne,
  classes: readonly string[],
  { modelFile, deployFile }: FinalFiles,
): Promise<void> {
  const info = { recipe: session.recipe, classes };
  await session.ema.withAverages(() => saveModelFile(modelFile, session.model as MobileOne, info));
  await saveModelFile(deployFile, folded, info);
  folded.dispose();
}
