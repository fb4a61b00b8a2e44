/**
 * The last lines of a training run: what it reached, what it wrote, and three commands that work when pasted.
 */
import { existsSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { type DataSource, openDataset } from "../../data/sets/dataset.js";
import { REPORT_NAME } from "../../report/report.js";
import { MODEL_FILE_NAME } from "../../train/checkpoints/final-model.js";
import { weightSets } from "../../train/checkpoints/model-file.js";
import { LOG_NAME } from "../../train/loggers/jsonl.js";
import type { TrainResult } from "../../train/trainer.js";
import { formatBytes, formatLoss, formatPercent, formatSpeed, formatTable, isTop5Telling } from "../../util/format.js";
import { certificateLine } from "../certificate.js";
import type { CommandContext } from "../command.js";
import { dataWords, shownPath } from "../paths.js";

export interface ClosingContext {
  readonly data: DataSource;
  readonly valFraction: number | null;
  readonly isDemo: boolean;
  readonly out: string;
  readonly command: CommandContext;
}

/** The lines, one by one. */
export function closing(result: TrainResult, context: ClosingContext): string[] {
  const { validation, certificate, decoding, checkpoint, best, modelFile, deployFile, weights } = result;
  const { out, command } = context;
  const { terminal, caller } = command;
  if (result.stopped === "signal")
    return [
      `stopped after step ${result.steps}; everything needed to go on is in ${shownPath(checkpoint)}`,
      `go on: ${caller} train --resume ${shownPath(out)}`,
    ];
  const ofFive = validation && isTop5Telling(result.numClasses) ? `, top-5 ${formatPercent(validation.top5)}` : "";
  return [
    "",
    ...(validation
      ? [
          terminal.paint(
            "bold",
            `validation: top-1 ${formatPercent(validation.top1)}${ofFive} on ${validation.images} images, after step ${validation.step}`,
          ),
        ]
      : []),
    ...bestOf(result),
    ...deliveryOf(result, out),
    ...(certificate ? [certificateLine(certificate)] : []),
    ...badPicturesOf(result),
    `decoding: ${formatSpeed(decoding.imagesPerSecond)} img/s for each data thread`,
    `files in ${shownPath(out)}`,
    ...filesOf(
      [
        ...(best ? [[best.modelFile, `${best.weights} weights of the best epoch, training form`] as const] : []),
        ...(best ? [[best.deployFile, "the same, folded"] as const] : []),
        ...(modelFile ? [[modelFile, `${weights} weights, training form`] as const] : []),
        ...(deployFile ? [[deployFile, "the same, folded"] as const] : []),
        [checkpoint, "to go on with --resume"],
        [join(out, LOG_NAME), "a line for each step and validation"],
        ...(existsSync(join(out, REPORT_NAME)) ? [[join(out, REPORT_NAME), "all of it, for a browser"] as const] : []),
      ],
      out,
    ),
    ...(result.stopped === "max-steps"
      ? [`go on to the end of the schedule: ${caller} train --resume ${shownPath(out)}`]
      : []),
    "",
    "try next:",
    ...nextCommands(result, context).map((command) => `  ${caller} ${command}`),
  ];
}

/** The best epoch, and what takes its weights. */
function bestOf({ best, modelFile }: TrainResult): string[] {
  if (!best || !modelFile) return [];
  const value = best.metric === "loss" ? formatLoss(best.value) : formatPercent(best.value);
  return [
    `best: ${best.metric} ${value} after step ${best.step}; commands that are given the run's folder take these weights, ${MODEL_FILE_NAME} holds the last ones`,
  ];
}

/** After a short run: which of its two sets of weights it leaves, and why. */
function deliveryOf({ plan, weights, validation, modelFile, steps }: TrainResult, out: string): string[] {
  if (plan !== "short" || !modelFile) return [];
  const other = weightSets.find((set) => set !== weights);
  const figures =
    validation?.raw && validation.step === steps
      ? `averaged ${formatPercent(validation.top1)}, raw ${formatPercent(validation.raw.top1)}`
      : "the raw ones were not validated";
  return [
    `short run: ${MODEL_FILE_NAME} holds the ${weights} weights (top-1: ${figures}); eval --checkpoint ${shownPath(out)} --weights ${other} takes the others`,
  ];
}

function badPicturesOf({ badPictures }: TrainResult): string[] {
  if (badPictures === 0) return [];
  return [
    `${badPictures} picture${badPictures === 1 ? "" : "s"} could not be read and ${badPictures === 1 ? "was" : "were"} passed over; verify-dataset lists all of them`,
  ];
}

function filesOf(files: readonly (readonly [path: string, what: string])[], out: string): string[] {
  const rows = files.map(([path, what]) => [`  ${relative(out, path)}`, formatBytes(statSync(path).size), what]);
  return formatTable(rows, [false, true, false]);
}

function nextCommands(result: TrainResult, context: ClosingContext): string[] {
  const { validation } = result;
  const { modelFile, deployFile } = result.best ?? result;
  const { data, valFraction, isDemo, out } = context;
  if (!modelFile || !deployFile) return [];
  // a run without validation may have no pictures beside those it was trained on
  const split = validation || isDemo ? "val" : "train";
  const fraction = split === "train" ? { valFraction: 0 } : valFraction === null ? {} : { valFraction };
  // a picture inside a shard is no file that predict could be given
  const picture = openDataset(data, split, fraction).samples.findLast(({ entry }) => entry === undefined);
  const where = isDemo ? "" : `${dataWords(data, fraction)}${split === "val" ? "" : ` --split ${split}`}`;
  return [
    `eval --checkpoint ${shownPath(modelFile)}${where}`,
    ...(picture ? [`predict --checkpoint ${shownPath(deployFile)} ${shownPath(picture.path)}`] : []),
    `reparameterize ${shownPath(modelFile)} ${shownPath(join(out, "folded.safetensors"))}`,
  ];
}
