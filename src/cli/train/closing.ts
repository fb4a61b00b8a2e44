/**
 * The last lines of a training run: what it reached, what it wrote, and three commands that work when pasted.
 */
import { existsSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { openDataset } from "../../data/sets/dataset.js";
import { REPORT_NAME } from "../../report/report.js";
import { MODEL_FILE_NAME } from "../../train/checkpoints/final-model.js";
import { weightSets } from "../../train/checkpoints/model-file.js";
import { LOG_NAME } from "../../train/loggers/jsonl.js";
import type { TrainResult } from "../../train/trainer.js";
import { formatBytes, formatPercent, formatSpeed, formatTable, isTop5Telling } from "../../util/format.js";
import { certificateLine } from "../certificate.js";
import type { CommandContext } from "../command.js";
import { shownPath } from "../paths.js";

export interface ClosingContext {
  readonly data: string;
  readonly isDemo: boolean;
  readonly out: string;
  readonly command: CommandContext;
}

/** The lines, one by one. */
export function closing(result: TrainResult, context: ClosingContext): string[] {
  const { validation, certificate, decoding, checkpoint, modelFile, deployFile, weights } = result;
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
    ...deliveryOf(result, out),
    ...(certificate ? [certificateLine(certificate)] : []),
    `decoding: ${formatSpeed(decoding.imagesPerSecond)} img/s for each data thread`,
    `files in ${shownPath(out)}`,
    ...filesOf(
      [
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

function filesOf(files: readonly (readonly [path: string, what: string])[], out: string): string[] {
  const rows = files.map(([path, what]) => [`  ${relative(out, path)}`, formatBytes(statSync(path).size), what]);
  return formatTable(rows, [false, true, false]);
}

function nextCommands({ modelFile, deployFile, validation }: TrainResult, context: ClosingContext): string[] {
  const { data, isDemo, out } = context;
  if (!modelFile || !deployFile) return [];
  // a run without validation may have no pictures beside those it was trained on
  const split = validation || isDemo ? "val" : "train";
  // a picture inside a shard is no file that predict could be given
  const picture = openDataset(data, split).samples.findLast(({ entry }) => entry === undefined);
  const where = isDemo ? "" : ` --data ${shownPath(data)}${split === "val" ? "" : ` --split ${split}`}`;
  return [
    `eval --checkpoint ${shownPath(modelFile)}${where}`,
    ...(picture ? [`predict --checkpoint ${shownPath(deployFile)} ${shownPath(picture.path)}`] : []),
    `reparameterize ${shownPath(modelFile)} ${shownPath(join(out, "folded.safetensors"))}`,
  ];
}
