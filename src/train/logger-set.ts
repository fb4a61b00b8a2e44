/**
 * What the loggers of a run are told, and the telling. It decides nothing about the run.
 */
import { summarize } from "../models/index.js";
import type { CheckpointHeader } from "./checkpoints/checkpoint-format.js";
import type { EvalProgress, Logger, RunInfo, StepInfo } from "./loggers/events.js";
import type { ProcessGroup } from "./replicas/process-group.js";
import type { TrainOptions } from "./run-options.js";
import type { Session } from "./steps/session.js";
import type { StepOutcome } from "./steps/stepper.js";

type Event = "onStart" | "onStep" | "onValidation" | "onCheckpoint" | "onEnd";

/** All loggers of a run, in order; empty on other ranks than 0. */
export class LoggerSet {
  readonly #loggers: readonly Logger[];

  constructor(loggers: readonly Logger[]) {
    this.#loggers = loggers;
  }

  notice(text: string): void {
    for (const logger of this.#loggers) logger.onNotice?.(text);
  }

  evalProgress(progress: EvalProgress): void {
    for (const logger of this.#loggers) logger.onEvalProgress?.(progress);
  }

  async tell<K extends Event>(event: K, info: Parameters<NonNullable<Logger[K]>>[0]): Promise<void> {
    for (const logger of this.#loggers)
      await (logger[event] as ((i: typeof info) => void) | undefined)?.call(logger, info);
  }
}

/** How far the run goes, and from where. */
export type Extent = Pick<
  RunInfo,
  "valImages" | "stepsPerEpoch" | "totalSteps" | "startStep" | "former" | "isValidationDue"
>;

export function runInfo(
  { recipe, out, data, seed, backendLabel, replicas = 1 }: TrainOptions,
  { numClasses, trainImages, decoder }: CheckpointHeader,
  group: ProcessGroup,
  extent: Extent,
): RunInfo {
  const { totals } = summarize(recipe.model, { numClasses, imageSize: recipe.images.trainSize });
  return {
    ...extent,
    recipe,
    model: recipe.model,
    parameters: totals.train.parameters,
    deployParameters: totals.deploy.parameters,
    numClasses,
    trainImages,
    epochs: recipe.epochs,
    replicas,
    processes: group.worldSize,
    transport: group.transport,
    backend: backendLabel,
    decoder,
    seed,
    out,
    data,
  };
}

/** The step that `session` has just done, in `stepMs`. */
export function stepInfo(session: Session, epoch: number, outcome: StepOutcome, stepMs: number): StepInfo {
  const { stepsPerEpoch, step, stepInEpoch, recipe, scaler } = session;
  return {
    epoch: epoch + 1,
    step,
    stepInEpoch: stepInEpoch === 0 ? stepsPerEpoch : stepInEpoch,
    loss: outcome.loss,
    lr: outcome.rates.lr,
    weightDecay: outcome.rates.weightDecay(recipe.optimizer.weightDecay),
    accuracy: outcome.correct / outcome.images,
    imagesPerSecond: (1000 * outcome.images) / stepMs,
    dataWait: Math.min(1, outcome.dataWaitMs / stepMs),
    stepMs,
    ...(scaler && { scaler: { scale: scaler.scaleNow, skippedSteps: scaler.skippedSteps } }),
    ...(outcome.ranks && outcome.ranks.computeMs.length > 1 && { ranks: outcome.ranks }),
  };
}
