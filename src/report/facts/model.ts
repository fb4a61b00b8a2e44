/** The model that a run delivers, folded, and what folding changed. */
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import type { Certificate, Classifier } from "../../models/index.js";
import { DEPLOY_FILE_NAME, MODEL_FILE_NAME } from "../../train/checkpoints/final-model.js";
import { foldLoaded } from "../../train/checkpoints/fold-model.js";
import { loadModelFile, type ModelInfo } from "../../train/checkpoints/model-file.js";
import { findModelFile } from "../../train/checkpoints/run-weights.js";
import { TensoroneError } from "../../util/errors.js";
import { type Found, missing } from "./run-facts.js";

export interface DeliveredModel {
  /** Name of the file that the weights are from. */
  readonly file: string;
  /** Folded; the caller's to dispose of. */
  readonly model: Classifier;
  readonly info: ModelInfo;
  readonly classes: readonly string[] | null;
  readonly certificate: Certificate;
}

/**
 * Of the run in `folder`: its best epoch's where that was kept, else the last one. `known` is the certificate of the last one where
 * the run has just made it, and saves the folding.
 */
export async function deliveredModel(folder: string, known?: Certificate | null): Promise<Found<DeliveredModel>> {
  const folded = join(folder, DEPLOY_FILE_NAME);
  try {
    const path = await findModelFile(folder);
    const file = basename(path);
    if (known && file === MODEL_FILE_NAME && existsSync(folded))
      return { value: { ...(await loadModelFile(folded)), file, certificate: known } };
    const { model, info, classes } = await loadModelFile(path);
    try {
      return { value: { file, info, classes, ...(await foldLoaded({ model, info })) } };
    } finally {
      model.dispose();
    }
  } catch (error) {
    if (error instanceof TensoroneError) return missing(`The model cannot be looked at: ${error.summary}.`);
    throw error;
  }
}
