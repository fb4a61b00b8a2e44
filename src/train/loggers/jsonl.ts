/**
 * `<out>/log.jsonl`: one object a line, for programs. A resumed run goes on where its checkpoint stands: what an earlier
 * run wrote beyond that step, or half wrote, is cut off, so that steps only rise.
 */
import { existsSync } from "node:fs";
import { type FileHandle, mkdir, open, readFile, truncate } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "../../util/atomic-file.js";
import { namingPath } from "../../util/io-error.js";
import type { Logger, RunInfo, StepInfo, ValidationInfo } from "./events.js";

/** Name of the log in a run folder. */
export const LOG_NAME = "log.jsonl";

/** Appends every step and validation to the log of the run. Epochs and steps count from 1. */
export class JsonlLogger implements Logger {
  #file: FileHandle | undefined;
  #path = "";

  async onStart({ out, startStep, isValidationDue = false }: RunInfo): Promise<void> {
    await mkdir(out, { recursive: true });
    const path = join(out, LOG_NAME);
    await cutAfter(path, startStep, isValidationDue);
    await countFromOne(path);
    this.#file = await open(path, "a");
    this.#path = path;
  }

  onStep({
    epoch,
    step,
    loss,
    lr,
    weightDecay,
    imagesPerSecond,
    dataWait,
    stepMs,
    scaler,
    ranks,
  }: StepInfo): Promise<void> {
    const row = { kind: "train", epoch, step, loss, lr, weightDecay, imagesPerSecond, dataWait, stepMs };
    const ofScaler = scaler && { lossScale: scaler.scale, skippedSteps: scaler.skippedSteps };
    return this.#append({ ...row, ...ofScaler, ...(ranks && rankFields(ranks)) });
  }

  onValidation({ epoch, top1, top5, macroF1, loss, raw }: ValidationInfo): Promise<void> {
    const ofRaw = raw && { rawTop1: raw.top1, rawTop5: raw.top5, rawLoss: raw.loss };
    const ofClasses = {
      ...(macroF1 !== undefined && { macroF1 }),
      ...(raw?.macroF1 !== undefined && { rawMacroF1: raw.macroF1 }),
    };
    return this.#append({ kind: "val", epoch, top1, top5, loss, ...ofRaw, ...ofClasses });
  }

  async onEnd(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }

  async #append(row: Readonly<Record<string, string | number>>): Promise<void> {
    const file = this.#file;
    if (file) await namingPath(this.#path, () => file.appendFile(`${JSON.stringify(row)}\n`));
  }
}

/** How the ranks of a step fared, in milliseconds. */
function rankFields({ computeMs, exchangeMs }: NonNullable<StepInfo["ranks"]>) {
  const slowestRankMs = Math.max(...computeMs);
  const slowestRank = computeMs.indexOf(slowestRankMs);
  return { exchangeMs, fastestRankMs: Math.min(...computeMs), slowestRankMs, slowestRank };
}

/**
 * Shortens the log to the lines up to `step`: everything before the first step beyond it, before its validation where that comes
 * again, and before a broken line.
 */
async function cutAfter(path: string, step: number, isValidationDue: boolean): Promise<void> {
  let bytes: Buffer;
  try {
    bytes = await namingPath(path, () => readFile(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  let end = 0;
  let last = 0;
  for (let next = bytes.indexOf(10); next >= 0; next = bytes.indexOf(10, end)) {
    const at = stepOf(bytes.toString("utf8", end, next));
    const isBeyond = at === "val" ? step === 0 || (isValidationDue && last === step) : !(at <= step);
    if (isBeyond) break;
    if (at !== "val") last = at;
    end = next + 1;
  }
  if (end < bytes.length) await truncate(path, end);
}

/** Logs of earlier versions count epochs from 0: one that goes on counts them all as it does. Every line is whole. */
async function countFromOne(path: string): Promise<void> {
  if (!existsSync(path)) return;
  const lines = (await readFile(path, "utf8")).split("\n").slice(0, -1);
  const rows = lines.map((line) => JSON.parse(line) as { readonly epoch?: unknown });
  if (rows[0]?.epoch !== 0) return;
  const counted = rows.map((row) => (typeof row.epoch === "number" ? { ...row, epoch: row.epoch + 1 } : row));
  await writeFileAtomic(path, counted.map((row) => `${JSON.stringify(row)}\n`).join(""));
}

/** The step of a line; "val" for a validation, which belongs to the step before; NaN for a broken line. */
function stepOf(line: string): number | "val" {
  try {
    const row = JSON.parse(line) as { kind?: unknown; step?: unknown };
    if (row.kind === "val") return "val";
    return typeof row.step === "number" ? row.step : Number.NaN;
  } catch {
    return Number.NaN;
  }
}
