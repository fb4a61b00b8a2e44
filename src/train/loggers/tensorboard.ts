/**
 * `<out>/tensorboard`: curves of a run for TensorBoard. A run that goes on writes a new file, whose first event takes back what
 * the earlier ones say of later steps, so that curves only rise.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { EventFile } from "../../io/tensorboard/event-file.js";
import { DT_STRING, SESSION_START, type SummaryValue } from "../../io/tensorboard/schema.js";
import { isTop5Telling } from "../../util/format.js";
import type { Logger, RunInfo, StepInfo, ValidationInfo } from "./events.js";

/** Name of the folder in a run folder. */
export const TENSORBOARD_FOLDER = "tensorboard";

/** Where TensorBoardLogger writes. */
export interface TensorBoardOptions {
  /** Default: `tensorboard` in the folder of the run. */
  readonly folder?: string;
  /** Milliseconds since 1970. Default Date.now. */
  readonly now?: () => number;
}

/**
 * Writes every step and validation as TensorBoard's event files: `train/loss`, `train/top1`, `train/lr`, …, `val/top1`, and
 * `val/raw/top1` of the raw weights where they are validated; the recipe as a text. Every event is in the file before the next
 * step begins.
 *
 * @example
 * ```ts
 * const logger = new TensorBoardLogger({ folder: "curves/first-try" });
 * ```
 */
export class TensorBoardLogger implements Logger {
  readonly #options: TensorBoardOptions;
  #file: EventFile | undefined;
  #hasTop5 = false;

  constructor(options: TensorBoardOptions = {}) {
    this.#options = options;
  }

  async onStart(run: RunInfo): Promise<void> {
    const { folder = join(run.out, TENSORBOARD_FOLDER), now = Date.now } = this.#options;
    this.#hasTop5 = isTop5Telling(run.numClasses);
    // also those of a run that died before its first checkpoint, and begins again
    const isFirst = !existsSync(folder) || readdirSync(folder).length === 0;
    this.#file = await EventFile.create(folder, () => now() / 1000);
    if (run.startStep > 0 || !isFirst)
      await this.#file.append({ step: run.startStep + 1, sessionLog: { status: SESSION_START } });
    await this.#append(run.startStep, [textValue("recipe", markdownOf(run.recipe))]);
  }

  onStep({ step, epoch, loss, accuracy, lr, weightDecay, imagesPerSecond, dataWait, stepMs }: StepInfo): Promise<void> {
    const top1 = 100 * accuracy;
    return this.#append(
      step,
      scalars("train", { loss, top1, lr, weightDecay, epoch, imagesPerSecond, dataWait, stepMs }),
    );
  }

  onValidation({ step, raw, ...averaged }: ValidationInfo): Promise<void> {
    const figuresOf = ({ top1, top5, macroF1, loss }: NonNullable<ValidationInfo["raw"]>) => ({
      top1,
      ...(this.#hasTop5 && { top5 }),
      ...(macroF1 !== undefined && { macroF1 }),
      loss,
    });
    return this.#append(step, [
      ...scalars("val", figuresOf(averaged)),
      ...(raw ? scalars("val/raw", figuresOf(raw)) : []),
    ]);
  }

  async onEnd(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }

  async #append(step: number, value: readonly SummaryValue[]): Promise<void> {
    await this.#file?.append({ step, summary: { value } });
  }
}

const scalars = (group: string, figures: Readonly<Record<string, number>>): SummaryValue[] =>
  Object.entries(figures).map(([name, simpleValue]) => ({ tag: `${group}/${name}`, simpleValue }));

/** What the plugin for texts shows: a tensor of one string. */
const textValue = (tag: string, text: string): SummaryValue => ({
  tag: `${tag}/text_summary`,
  metadata: { pluginData: { pluginName: "text" } },
  tensor: { dtype: DT_STRING, tensorShape: { dim: [{ size: 1 }] }, stringVal: [text] },
});

/** An indented block, which Markdown shows as it is. */
const markdownOf = (value: unknown): string => JSON.stringify(value, null, 1).replace(/^/gm, "    ");
