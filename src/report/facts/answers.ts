/** What the delivered model says of the validation pictures, or of some of them where there are very many. */
import type { DecoderName } from "../../data/codecs/decoder.js";
import type { Image } from "../../data/codecs/image.js";
import { DataLoader } from "../../data/reading/loader.js";
import type { Dataset } from "../../data/sets/dataset.js";
import { sourceName } from "../../data/sets/picture-source.js";
import { evalTransform } from "../../data/transforms/index.js";
import { confusionSvg } from "../../figures/confusion-svg.js";
import { compareClasses } from "../../train/checkpoints/class-names.js";
import { evaluate } from "../../train/evaluate.js";
import type { EvalProgress } from "../../train/loggers/events.js";
import { datasetPictures } from "../../train/looking/dataset-pictures.js";
import { classificationReport } from "../../train/metrics/classification-report.js";
import { mostConfidentMistakes, type Prediction } from "../../train/metrics/predictions.js";
import { imageSizes } from "../../train/recipes/image-sizes.js";
import { DataError, TensoroneError } from "../../util/errors.js";
import { heatOf } from "./heat.js";
import type { DeliveredModel } from "./model.js";
import { type AnswerFacts, type Found, type Mistake, missing } from "./run-facts.js";

/** Mistakes that are shown. */
const SHOWN_MISTAKES = 12;
const BATCH_SIZE = 64;

export interface AnswerOptions {
  /** Pictures at most, evenly spread over the split; 0: none. */
  readonly mostImages: number;
  /** Threads that decode. */
  readonly workers: number;
  readonly decoder?: DecoderName | undefined;
  readonly onProgress?: ((progress: EvalProgress) => void) | undefined;
}

/** Every n-th picture: splits are in the order of their classes, and each class keeps its share. */
function spread(dataset: Dataset, most: number): Dataset {
  const { samples, length } = dataset;
  if (length <= most) return dataset;
  const kept = Array.from({ length: most }, (_, i) => samples[Math.floor((i * length) / most)]!);
  return { ...dataset, samples: kept, length: most };
}

/** null where the picture is gone, or is none. */
async function pictureAt(dataset: Dataset, place: number, decoder: DecoderName | undefined): Promise<Image | null> {
  try {
    const [picture] = await datasetPictures(dataset, [place], decoder);
    return picture ?? null;
  } catch {
    return null;
  }
}

/** Shorter where it lies in the data set. */
const shownName = (name: string, root: string): string =>
  name.startsWith(`${root}/`) ? name.slice(root.length + 1) : name;

async function mistakeOf(
  { picture: place, label, predicted, score, labelScore }: Prediction,
  delivered: DeliveredModel,
  dataset: Dataset,
  names: readonly string[],
  decoder: DecoderName | undefined,
): Promise<Mistake> {
  const path = shownName(sourceName(dataset.samples[place]!), dataset.root);
  const picture = await pictureAt(dataset, place, decoder);
  const heat = picture && (await heatOf(delivered, picture, predicted));
  return { path, label: names[label]!, predicted: names[predicted]!, score, labelScore, picture, heat };
}

async function measured(
  delivered: DeliveredModel,
  dataset: Dataset,
  { mostImages, workers, decoder, onProgress }: AnswerOptions,
): Promise<AnswerFacts> {
  const { model, info, classes } = delivered;
  const { areClassesNamed = true } = dataset;
  compareClasses(
    { where: "the model", names: classes, count: info.numClasses },
    { where: dataset.root, names: areClassesNamed ? dataset.classes : null, count: dataset.classes.length },
    { allow: false },
  );
  const part = spread(dataset, mostImages);
  const unread: string[] = [];
  const loader = new DataLoader(part, {
    badPictures: "leaveOut",
    onBadPicture: ({ summary }) => unread.push(summary),
    batchSize: BATCH_SIZE,
    transform: evalTransform(imageSizes(info.model, info.images, undefined)),
    workers,
    ...(decoder && { decoder }),
  });
  const { top1, top5, loss, images, confusion, predictions } = await evaluate(model, loader, {
    predictions: true,
    where: "report",
    ...(onProgress && { onProgress }),
  }).finally(() => loader.close());
  if (images === 0) throw new DataError(`none of ${part.length} pictures of ${dataset.root} can be read: ${unread[0]}`);
  const names = classes ?? dataset.classes;
  const report = classificationReport(confusion, names);
  const mistakes: Mistake[] = [];
  for (const one of mostConfidentMistakes(predictions, SHOWN_MISTAKES))
    mistakes.push(await mistakeOf(one, delivered, part, names, decoder));
  return {
    file: delivered.file,
    split: dataset.split,
    measured: images,
    unread,
    available: dataset.length,
    top1,
    top5,
    loss,
    classes: report.classes,
    macro: report.macro,
    balancedAccuracy: report.balancedAccuracy,
    confusion: confusionSvg(confusion, names),
    mistakes,
  };
}

/** Says why where model and pictures do not belong together, or a picture cannot be read. */
export async function answersOf(
  delivered: Found<DeliveredModel>,
  dataset: Found<Dataset>,
  options: AnswerOptions,
): Promise<Found<AnswerFacts>> {
  if ("missing" in delivered) return delivered;
  if ("missing" in dataset) return missing(`There are no validation pictures: ${dataset.missing}.`);
  if (options.mostImages === 0) return missing("The report was told to look at no pictures.");
  try {
    return { value: await measured(delivered.value, dataset.value, options) };
  } catch (error) {
    if (error instanceof TensoroneError) return missing(`The answers were not measured: ${error.summary}.`);
    throw error;
  }
}
