/**
 * What a run leaves for others: the averaged weights, and their folded form with its certificate.
 */
import { type Certificate, type MobileOne, reparameterize } from "../models/index.js";
import { saveModelFile } from "./model-file.js";
import type { Session } from "./session.js";

export interface FinalFiles {
  readonly modelFile: string;
  readonly deployFile: string;
}

/** Writes both files. The session's own weights are as before. */
export async function writeFinalModel(
  session: Session,
  classes: readonly string[],
  { modelFile, deployFile }: FinalFiles,
): Promise<Certificate> {
  const model = session.model as MobileOne;
  const info = { recipe: session.recipe, classes };
  return session.ema.withAverages(async () => {
    model.eval();
    await saveModelFile(modelFile, model, info);
    const folded = await reparameterize(model, { probe: { imageSize: session.recipe.images.evalSize } });
    await saveModelFile(deployFile, folded.model, info);
    folded.model.dispose();
    return folded.certificate;
  });
}
