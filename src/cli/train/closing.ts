/**
 * The last lines of a training run: what it reached, what it wrote, and three commands that work when pasted.
 */
import { statSync } from "node:fs";
import { join, relative } from "node:path";
import { openDataset } from "../../data/dataset.js";
import { logName } from "../../train/loggers/jsonl.js";
import type { TrainResult } from "../../train/trainer.js";
import { formatBytes, formatPercent, formatSpeed, formatTable } from "../../util/format.js";
import { certificateLine } from "../certificate.js";
import type { Face } from "../command.js";
import { shownPath } from "../paths.js";

export interface ClosingContext {
  readonly data: string;
  readonly isDemo: boolean;
  readonly out: string;
  readonly face: Face;
}

/** The lines, one by one. */
export function closing(result: TrainResult, context: ClosingContext): string[] {
  const { validation, certificate, decoding, checkpoint, modelFile, deployFile } = result;
  const { out, face } = context;
  const { terminal, caller } = face;
  if (result.stopped === "signal")
    return [
      `stopped after step ${result.steps}; everything needed to go on is in ${shownPath(checkpoint)}`,
      `go on: the same command with --out ${shownPath(out)} --resume`,
    ];
  return [
    "",
    ...(validation
      ? [
          terminal.paint(
            "bold",
            `validation: top-1 ${formatPercent(validation.top1)}, top-5 ${formatPercent(validation.top5)} on ${validation.images} images, after step ${validation.step}`,
          ),
        ]
      : []),
    ...(certificate ? [certificateLine(certificate)] : []),
    `decoding: ${formatSpeed(decoding.imagesPerSecond)} img/s for each data thread`,
    `files in ${shownPath(out)}`,
    ...filesOf(
      [
        [modelFile, "averaged weights, training form"],
        [deployFile, "the same, folded"],
        [checkpoint, "to go on with --resume"],
        [join(out, logName), "a line for each step and validation"],
      ],
      out,
    ),
    ...(result.stopped === "max-steps"
      ? [
          `go on to the end of the schedule: the same command with --out ${shownPath(out)} --resume, without --max-steps`,
        ]
      : []),
    "",
    "try next:",
    ...nextCommands(result, context).map((command) => `  ${caller} ${command}`),
  ];
}

function filesOf(files: readonly (readonly [path: string, what: string])[], out: string): string[] {
  const rows = files.map(([path, what]) => [`  ${relative(out, path)}`, formatBytes(statSync(path).size), what]);
  return formatTable(rows, [false, true, false]);
}

function nextCommands({ modelFile, deployFile }: TrainResult, { data, isDemo, out }: ClosingContext): string[] {
  // a picture inside a shard is no file that predict could be given
  const picture = openDataset(data, "val").samples.findLast(({ entry }) => entry === undefined);
  return [
    `eval --checkpoint ${shownPath(modelFile)}${isDemo ? "" : ` --data ${shownPath(data)}`}`,
    ...(picture ? [`predict --checkpoint ${shownPath(deployFile)} ${shownPath(picture.path)}`] : []),
    `reparameterize ${shownPath(modelFile)} ${shownPath(join(out, "folded.safetensors"))}`,
  ];
}
