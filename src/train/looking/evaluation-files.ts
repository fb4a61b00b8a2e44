/**
 * An evaluation as files: every answer, the figures of every class, the confusion matrix, and the mistakes as pictures. Node only.
 */
import { mkdir, readdir, rm } from "node:fs/promises";
import { join, relative } from "node:path";
import type { DecoderName } from "../../data/codecs/decoder.js";
import { sourceName } from "../../data/sets/picture-source.js";
import type { Sample } from "../../data/sets/sample.js";
import { confusionSvg } from "../../figures/confusion-svg.js";
import { encodePng } from "../../figures/png.js";
import { writeFileAtomic } from "../../util/atomic-file.js";
import { csvLine } from "../../util/escape.js";
import type { ClassificationReport } from "../metrics/classification-report.js";
import { type ConfusionMatrix, mostFrequentConfusions } from "../metrics/confusion-matrix.js";
import { KEPT_CLASSES, mostConfidentMistakes, type Prediction } from "../metrics/predictions.js";
import { datasetPictures } from "./dataset-pictures.js";
import { MISTAKES_ON_SHEET, mistakesSheet } from "./mistakes-sheet.js";

/** What was evaluated. */
export interface EvaluatedSet {
  /** Where paths in the files begin; those outside of it are written whole. */
  readonly root: string;
  readonly samples: readonly Sample[];
}

/** What came of it. */
export interface EvaluationOutput {
  readonly dataset: EvaluatedSet;
  readonly predictions: readonly Prediction[];
  readonly confusion: ConfusionMatrix;
  readonly report: ClassificationReport;
  /** What stands in metrics.json before the figures of the classes. */
  readonly about: { readonly [name: string]: unknown };
  /** Names in the order of the logits: in tables, and as people read them on pictures. */
  readonly classes: readonly string[];
  readonly shownClasses: readonly string[];
  /** Mistakes on sheets, the surest first. */
  readonly mistakes: number;
  readonly decoder?: DecoderName;
}

/** Files of an evaluation that are there whatever came of it. */
export const EVALUATION_FILES = [
  "metrics.json",
  "predictions.csv",
  "predictions.jsonl",
  "confusion.csv",
  "confusion.svg",
] as const;
const SHEET = /^mistakes-\d+\.png$/;
const CONFUSIONS_LISTED = 100;
/** Figures of a score in text. */
const SCORE_DIGITS = 6;

const rounded = (score: number): number => Number(score.toPrecision(SCORE_DIGITS));

/** A picture's path from the root of its data set. */
function pathOf({ root, samples }: EvaluatedSet, picture: number): string {
  const name = sourceName(samples[picture]!);
  const below = relative(root, name);
  return below.startsWith("..") ? name : below;
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Lines in pieces of a few hundred, for files of any length. */
function* inPieces(lines: Iterable<string>): Generator<Uint8Array> {
  let piece: string[] = [];
  for (const line of lines) {
    piece.push(line);
    if (piece.length < 512) continue;
    yield bytesOf(piece.join(""));
    piece = [];
  }
  yield bytesOf(piece.join(""));
}

function* predictionsCsv({ dataset, predictions, classes }: EvaluationOutput): Generator<string> {
  const places = Array.from({ length: Math.min(KEPT_CLASSES, classes.length) }, (_, i) => i + 1);
  yield csvLine([
    "path",
    "label",
    "predicted",
    "score",
    "labelScore",
    ...places.flatMap((k) => [`class${k}`, `score${k}`]),
  ]);
  for (const { picture, label, predicted, score, labelScore, top } of predictions)
    yield csvLine([
      pathOf(dataset, picture),
      classes[label]!,
      classes[predicted]!,
      rounded(score),
      rounded(labelScore),
      ...top.flatMap((one) => [classes[one.index]!, rounded(one.score)]),
    ]);
}

function* predictionsJsonl({ dataset, predictions, classes }: EvaluationOutput): Generator<string> {
  for (const { picture, label, predicted, score, labelScore, top } of predictions) {
    const line = {
      path: pathOf(dataset, picture),
      label: classes[label],
      predicted: classes[predicted],
      isRight: label === predicted,
      score: rounded(score),
      labelScore: rounded(labelScore),
      top: top.map((one) => ({ index: one.index, class: classes[one.index], score: rounded(one.score) })),
    };
    yield `${JSON.stringify(line)}\n`;
  }
}

/** A row for each label, a column for each answer. */
function* confusionCsv({ confusion: { numClasses, counts }, classes }: EvaluationOutput): Generator<string> {
  yield csvLine(["label", ...classes]);
  for (let label = 0; label < numClasses; label++)
    yield csvLine([classes[label]!, ...counts.subarray(label * numClasses, (label + 1) * numClasses)]);
}

/** The figures of all classes, and of what is mistaken most, as JSON holds them. */
export function reportJson(
  report: ClassificationReport,
  confusion: ConfusionMatrix,
  classes: readonly string[],
): { readonly [name: string]: unknown } {
  const { accuracy, balancedAccuracy, cohenKappa, macro, micro, weighted } = report;
  const confusions = mostFrequentConfusions(confusion, CONFUSIONS_LISTED).map(({ label, predicted, count }) => ({
    label: classes[label],
    predicted: classes[predicted],
    count,
  }));
  return { accuracy, balancedAccuracy, cohenKappa, macro, micro, weighted, classes: report.classes, confusions };
}

/**
 * Writes the files into `folder`, which is made where it is missing, and returns their names: metrics.json, predictions as CSV and
 * JSON lines, the confusion matrix as CSV and SVG, and the surest mistakes on sheets, mistakes-1.png first. Throws DataError
 * for a picture that cannot be read any more.
 */
export async function writeEvaluation(folder: string, output: EvaluationOutput): Promise<string[]> {
  const { dataset, predictions, confusion, report, about, classes, shownClasses, mistakes, decoder } = output;
  await mkdir(folder, { recursive: true });
  const metrics = `${JSON.stringify({ ...about, ...reportJson(report, confusion, classes) }, null, 2)}\n`;
  const contents: Record<(typeof EVALUATION_FILES)[number], string | Iterable<Uint8Array>> = {
    "metrics.json": metrics,
    "predictions.csv": inPieces(predictionsCsv(output)),
    "predictions.jsonl": inPieces(predictionsJsonl(output)),
    "confusion.csv": inPieces(confusionCsv(output)),
    "confusion.svg": confusionSvg(confusion, shownClasses),
  };
  for (const name of EVALUATION_FILES) await writeFileAtomic(join(folder, name), contents[name]);
  const written: string[] = [...EVALUATION_FILES];
  const worst = mostConfidentMistakes(predictions, mistakes);
  for (let first = 0; first < worst.length; first += MISTAKES_ON_SHEET) {
    const shown = worst.slice(first, first + MISTAKES_ON_SHEET);
    const images = await datasetPictures(
      dataset,
      shown.map(({ picture }) => picture),
      decoder,
    );
    const name = `mistakes-${first / MISTAKES_ON_SHEET + 1}.png`;
    await writeFileAtomic(join(folder, name), encodePng(mistakesSheet(shown, images, shownClasses)));
    written.push(name);
  }
  // sheets of an evaluation that had more mistakes
  const others = (await readdir(folder)).filter((name) => SHEET.test(name) && !written.includes(name));
  for (const name of others) await rm(join(folder, name));
  return written;
}
