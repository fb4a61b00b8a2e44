/**
 * A model folded as it is used: compared, and its multiply-adds counted, at the size of its own pictures. Training, evaluation, export
 * and the report all say one number.
 */
import { type Classifier, type Reparameterized, reparameterize } from "../../models/index.js";
import { imageSizes } from "../recipes/image-sizes.js";
import type { LoadedModel } from "./model-file.js";

/** A model in evaluation mode at pictures of this side. Throws FoldError. */
export const foldAt = (model: Classifier, imageSize: number): Promise<Reparameterized> =>
  reparameterize(model, { probe: { imageSize } });

/** A model from a file at `imageSize`, by default what the file says, else its published recipe. Throws FoldError. */
export const foldLoaded = (
  { model, info }: Pick<LoadedModel, "model" | "info">,
  imageSize?: number,
): Promise<Reparameterized> => foldAt(model, imageSizes(info.model, info.images, imageSize).imageSize);
