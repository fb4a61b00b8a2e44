/** What a model answered, class by class: shown, and with a folder written picture by picture. */
import type { DecoderName } from "../../data/codecs/decoder.js";
import type { Dataset } from "../../data/sets/dataset.js";
import { namesInWords } from "../../train/checkpoints/class-names.js";
import type { PictureEvaluation } from "../../train/evaluate.js";
import { reportJson, writeEvaluation } from "../../train/looking/evaluation-files.js";
import { classificationReport } from "../../train/metrics/classification-report.js";
import type { Terminal } from "../../util/terminal.js";
import { shownPath } from "../paths.js";
import { classTable, confusionsLine } from "./class-table.js";

/** What stands around the answers. */
export interface AnswerContext {
  /** Of the model and the whole set, for metrics.json. */
  readonly about: { readonly [name: string]: unknown };
  readonly dataset: Dataset;
  /** As the model's file calls them. */
  readonly modelClasses: readonly string[] | null;
  readonly decoder: DecoderName;
  readonly out: string | undefined;
  readonly mistakes: number;
}

/** Prints the figures of classes, writes the files where asked for, and returns what --json adds. */
export async function showAnswers(
  terminal: Terminal,
  { confusion, predictions }: PictureEvaluation,
  { about, dataset, modelClasses, decoder, out, mistakes }: AnswerContext,
): Promise<{ readonly [name: string]: unknown }> {
  // what the data set calls its classes, or where it has numbers alone the model
  const classes = (dataset.areClassesNamed ?? true) ? dataset.classes : (modelClasses ?? dataset.classes);
  const shownClasses = namesInWords(classes, classes.length) ?? classes;
  const report = classificationReport(confusion, classes);
  for (const line of classTable(report, shownClasses)) terminal.print(line);
  const mistaken = confusionsLine(confusion, shownClasses);
  if (mistaken !== "") terminal.print(mistaken);
  const figures = reportJson(report, confusion, classes);
  if (out === undefined) return { ...figures, out: null, files: [] };
  const output = { dataset, predictions, confusion, report, about, classes, shownClasses, mistakes, decoder };
  const files = await writeEvaluation(out, output);
  terminal.print(`wrote ${files.length} files to ${shownPath(out)}: ${files.join(", ")}`);
  return { ...figures, out, files };
}
