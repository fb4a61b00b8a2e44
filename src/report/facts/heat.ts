/** What spoke for an answer, as a picture for the report; in Node and in a tab. */
import type { Image } from "../../data/codecs/image.js";
import { heatOverlay } from "../../figures/heat-map.js";
import type { Classifier } from "../../models/index.js";
import type { LoadedModel } from "../../train/checkpoints/model-bytes.js";
import { gradCam } from "../../train/looking/grad-cam.js";
import { imageSizes } from "../../train/recipes/image-sizes.js";
import { TensoroneError } from "../../util/errors.js";

/** Places on a side of a map that still shows where something is. */
const LEAST_PLACES = 4;

/** The deepest stage whose output has that many, of pictures of `side` pixels: at 32 px the last one has a single place. */
function stageFor({ featureInfo }: Classifier, side: number): number {
  const found = featureInfo.findLastIndex(({ stride }) => side / stride >= LEAST_PLACES);
  return Math.max(0, found);
}

/** What spoke for the answer, over the square that the model saw; null where the model has no such stage. */
export async function heatOf(
  delivered: Pick<LoadedModel, "model" | "info" | "classes">,
  picture: Image,
  predicted: number,
): Promise<Image | null> {
  try {
    const { imageSize } = imageSizes(delivered.info.model, delivered.info.images, undefined);
    const stage = stageFor(delivered.model, imageSize);
    const { image, map } = await gradCam(delivered, picture, { class: predicted, stage });
    return heatOverlay(image, map);
  } catch (error) {
    if (error instanceof TensoroneError) return null;
    throw error;
  }
}
