/** Pictures that were taken for something else, the surest answers first, with what they are and what was said. */
import type { Image } from "../../data/codecs/image.js";
import { contactSheet, enlarged, fitted } from "../../figures/contact-sheet.js";
import { formatPercent } from "../../util/format.js";
import type { Prediction } from "../metrics/predictions.js";

/** Eighteen large letters wide. */
const TILE = 224;
const PER_ROW = 6;
/** Most that a sheet holds, in eight rows. */
export const MISTAKES_ON_SHEET = 48;

/** Label, answer and both scores of a mistake in three lines: "cat", "→ dog", "98.1 %, own 1.2 %". */
export function mistakeCaption(
  { label, predicted, score, labelScore }: Prediction,
  classes: readonly string[],
): readonly string[] {
  const scores = `${formatPercent(100 * score)}, own ${formatPercent(100 * labelScore)}`;
  return [classes[label]!, `→ ${classes[predicted]}`, scores];
}

/**
 * One sheet of mistakes in their order, six in a row, with label, answer and scores below; `images` are theirs, whole, as
 * datasetPictures() reads them.
 *
 * @example
 * <!-- test: given root from test/docs/given/images.ts -->
 * ```ts
 * import { datasetPictures, encodePng, evalTransform, evaluate, mistakesSheet, openDataset } from "tensorone/node";
 * import { DataLoader, models, mostConfidentMistakes } from "tensorone/node";
 * const dataset = openDataset("imagenet", "val");
 * const model = models.createModel("mobileone_s0", { numClasses: dataset.classes.length });
 * const loader = new DataLoader(dataset, { batchSize: 2, transform: evalTransform({ imageSize: 32 }), workers: 0 });
 * const { predictions } = await evaluate(model, loader, { predictions: true });
 * const worst = mostConfidentMistakes(predictions, 24);
 * const images = await datasetPictures(dataset, worst.map(({ picture }) => picture));
 * const png = encodePng(mistakesSheet(worst, images, dataset.classes));
 * ```
 */
export function mistakesSheet(
  mistakes: readonly Prediction[],
  images: readonly Image[],
  classes: readonly string[],
): Image {
  return contactSheet(
    images.map((image) => enlarged(fitted(image, TILE), TILE)),
    {
      tile: TILE,
      groupSize: 1,
      groupsPerRow: PER_ROW,
      captions: mistakes.map((one) => mistakeCaption(one, classes)),
    },
  );
}
