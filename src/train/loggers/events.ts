/**
 * The events of a training run, which loggers receive; the trainer depends on none of them.
 */

import type { DecoderName } from "../../data/codecs/decoder.js";
import type { Recipe } from "../../models/recipe.js";
import type { StepSums } from "./step-averages.js";

/** A run as it begins: what is trained, on how many pictures, for how long, and where. */
export interface RunInfo {
  readonly recipe: Recipe;
  readonly model: string;
  readonly parameters: number;
  readonly deployParameters: number;
  readonly numClasses: number;
  readonly trainImages: number;
  readonly valImages: number;
  readonly stepsPerEpoch: number;
  readonly epochs: number;
  /** The last step of this run, from 1; smaller than epochs · stepsPerEpoch with --max-steps. */
  readonly totalSteps: number;
  /** Steps already done when this run starts; more than 0 after a resume. */
  readonly startStep: number;
  /** What was averaged over the steps before; absent at the begin of a run, and after a checkpoint that does not say. */
  readonly former?: StepSums;
  /** Whether the run begins with the validation of the epoch before, which was cut off. */
  readonly isValidationDue?: boolean;
  /** Batches of a step. */
  readonly replicas: number;
  readonly processes: number;
  /** How the processes talk. */
  readonly transport: string;
  /** Name and threads of each process, e.g. "wasm x2". */
  readonly backend: string;
  /** Who turns JPEG files into pixels. */
  readonly decoder: DecoderName;
  readonly seed: number;
  readonly out: string;
  readonly data: string | readonly string[];
}

/** A step that was done: its loss, its rates, and what it cost. */
export interface StepInfo {
  /** The one under way, from 1, as logs and files count. */
  readonly epoch: number;
  /** Steps done, from 1, over all epochs. */
  readonly step: number;
  /** Steps done within the epoch, from 1. */
  readonly stepInEpoch: number;
  readonly loss: number;
  readonly lr: number;
  readonly weightDecay: number;
  /** Share of the batch whose first guess was right, 0 to 1. */
  readonly accuracy: number;
  readonly imagesPerSecond: number;
  /** Share of the step spent waiting for data, 0 to 1. */
  readonly dataWait: number;
  readonly stepMs: number;
  /** Factor of the next step's loss, and the steps so far that moved nothing, where the recipe stores float16. */
  readonly scaler?: { readonly scale: number; readonly skippedSteps: number };
  /** How the processes fared, where there are several. */
  readonly ranks?: {
    /** From the step's begin to the last gradient, by rank; a rank that has finished waits for the slowest. */
    readonly computeMs: readonly number[];
    /** Rank 0's time in the exchange of gradients, which begins when the slowest is there. */
    readonly exchangeMs: number;
  };
}

/** How far a validation is, in batches. */
export interface EvalProgress {
  readonly done: number;
  readonly total: number;
}

/** Figures of the validation set after a step. */
export interface ValidationInfo {
  /** The one that was just finished or cut short, from 1. */
  readonly epoch: number;
  readonly step: number;
  /** Percent. */
  readonly top1: number;
  /** Percent. */
  readonly top5: number;
  /** Mean F1 of the classes, percent; where the recipe looks at it. */
  readonly macroF1?: number;
  readonly loss: number;
  readonly images: number;
  readonly imagesPerSecond: number;
  /** The same of the raw weights, where asked for; everything above is of the averaged ones. */
  readonly raw?: Pick<ValidationInfo, "top1" | "top5" | "macroF1" | "loss">;
}

/** A checkpoint that was written. */
export interface CheckpointInfo {
  readonly path: string;
  readonly step: number;
  readonly bytes: number;
}

/**
 * What hears a run, given as one of `train`'s `loggers`. Every method is optional; loggers are called in order and awaited, so that
 * a slow one holds up the next step, and an error in one ends the run. In a run of several processes rank 0 alone has loggers.
 *
 * @example
 * ```ts
 * import type { Logger } from "tensorone/node";
 * const logger: Logger = {
 *   onStep: ({ step, loss }) => console.log(step, loss),
 *   onValidation: ({ step, top1 }) => console.log(step, top1),
 * };
 * ```
 */
export interface Logger {
  onStart?(info: RunInfo): void | Promise<void>;
  onStep?(info: StepInfo): void | Promise<void>;
  onEvalProgress?(info: EvalProgress): void;
  onValidation?(info: ValidationInfo): void | Promise<void>;
  onCheckpoint?(info: CheckpointInfo): void | Promise<void>;
  /** Something worth one line: a fallback, a signal, a skipped checkpoint. */
  onNotice?(text: string): void;
  onEnd?(): void | Promise<void>;
}
