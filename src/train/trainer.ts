/**
 * A training run from data folder to checkpoints: epochs of steps, a validation of the averaged weights and a checkpoint
 * after each, and the fold with its certificate at the end. Nothing is written of numbers that are not finite. Every
 * process of a group runs the same lines; rank 0 alone writes, and tells its loggers everything. It prints nothing.
 */
import type { DecoderName } from "../data/codecs/decoder.js";
import type { Batch } from "../data/reading/loader.js";
import { createModel } from "../models/index.js";
import { expectPrecision } from "../ops/precision.js";
import { CheckpointError, DeviceLostError, TensoroneError } from "../util/errors.js";
import { turnOfEventLoop } from "../util/platform.js";
import type { CheckpointHeader } from "./checkpoints/checkpoint-format.js";
import { throughLosses } from "./device-loss.js";
import { LoggerSet, runInfo, stepInfo } from "./logger-set.js";
import { weightsOfClasses } from "./recipes/class-weights.js";
import { describeEarlyStop, expectWatchable } from "./recipes/early-stopping.js";
import { planRecipe } from "./recipes/plan.js";
import { paceOf, SAVE_EVERY } from "./recipes/save-every.js";
import { type ProcessGroup, soloGroup } from "./replicas/process-group.js";
import { expectReplicas } from "./replicas/replica-tree.js";
import { ABORTED, StopVote } from "./replicas/stop-vote.js";
import { expectEqualWeights, expectOneRun } from "./run-agreement.js";
import { RunData } from "./run-data.js";
import { chooseDecoder } from "./run-decoder.js";
import { nothingWritten, RunDelivery } from "./run-delivery.js";
import { extentOf, noticesOf } from "./run-notices.js";
import type { TrainOptions, TrainResult } from "./run-options.js";
import { RunSaving } from "./run-saving.js";
import { beginRun } from "./run-start.js";
import { RunValidation } from "./run-validation.js";
import { DivergedError } from "./steps/finite.js";
import { Session } from "./steps/session.js";
import { createStepper, type Stepper } from "./steps/stepper.js";

export type { TrainOptions, TrainResult } from "./run-options.js";

/**
 * Trains a model of a family and returns what came of it; every process of `options.group` calls it with the same options. Throws DataError,
 * CheckpointError, DivergedError or DistributedError, after telling the other processes; files already written stay.
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const { group = soloGroup(), replicas = 1 } = options;
  try {
    // before anything waits for the other processes
    expectReplicas(replicas, group.worldSize);
    expectPrecision(options.recipe.precision ?? "float32", "train");
    return await throughLosses(options, async (now) => new Run(now, group, await chooseDecoder(now, group)).run());
  } catch (error) {
    const reason = error instanceof TensoroneError ? error.summary : String(error);
    // the error itself is what counts
    await group.abort(reason).catch(() => {});
    throw error;
  }
}

class Run {
  readonly #options: TrainOptions;
  readonly #group: ProcessGroup;
  readonly #loggers: LoggerSet;
  readonly #stop: StopVote;
  readonly #saving: RunSaving;
  readonly #data: RunData;
  readonly #session: Session;
  readonly #stepper: Stepper;
  readonly #classWeights: readonly number[] | null;
  readonly #header: CheckpointHeader;
  readonly #validation: RunValidation;
  readonly #delivery: RunDelivery;

  constructor(options: TrainOptions, group: ProcessGroup, decoder: DecoderName) {
    const { data, out, seed, workers, replicas = 1, loggers, keep, validate = true, saveEvery = SAVE_EVERY } = options;
    const pace = paceOf(saveEvery, "train: saveEvery");
    this.#group = group;
    this.#loggers = new LoggerSet(group.rank === 0 ? loggers : []);
    this.#stop = new StopVote(group, options.signal);
    const { valFraction, onBadPicture = "stop" } = options;
    const skipBadPictures = onBadPicture === "skip";
    const onNotice = (text: string) => this.#loggers.notice(text);
    const about = { data, valFraction, seed, workers, decoder, replicas, validate, skipBadPictures, onNotice };
    this.#data = new RunData(options.recipe, about, group);
    const { classes, trainImages, stepsPerEpoch, batchesPerEpoch } = this.#data;
    const recipe = planRecipe(options.recipe, stepsPerEpoch, options.plan);
    this.#options = { ...options, recipe };
    const numClasses = classes.length;
    expectWatchable(recipe, { validates: validate, numClasses });
    const model = createModel(recipe.model, { numClasses, seed });
    this.#session = new Session(recipe, model, stepsPerEpoch, batchesPerEpoch);
    this.#classWeights = weightsOfClasses(recipe.loss.classWeights, classes, this.#data.classCounts);
    this.#stepper = createStepper(this.#session, replicas, group, { seed, classWeights: this.#classWeights });
    this.#header = { recipe, seed, replicas, numClasses, classes, trainImages, decoder };
    const of = { session: this.#session, header: this.#header, group, loggers: this.#loggers };
    this.#saving = new RunSaving({ ...of, stepper: this.#stepper }, { out, keep, pace, validates: validate });
    this.#validation = new RunValidation(this.#session, this.#data, group, this.#loggers, options);
    this.#delivery = new RunDelivery(of, out);
  }

  async run(): Promise<TrainResult> {
    let result: TrainResult;
    try {
      result = await this.#train();
    } catch (error) {
      await this.#saving.afterError(error);
      // the first error counts
      await this.#end().catch(() => {});
      throw this.#explained(error);
    }
    await this.#end();
    return result;
  }

  async #end(): Promise<void> {
    try {
      await this.#data.close();
      await this.#loggers.tell("onEnd", undefined);
    } finally {
      await this.#saving.close();
    }
  }

  async #train(): Promise<TrainResult> {
    const { recipe, maxSteps } = this.#options;
    const session = this.#session;
    await expectOneRun(this.#group, this.#options, this.#header, this.#data);
    await this.#saving.open();
    await this.#begin();
    const steps = recipe.epochs * session.stepsPerEpoch;
    const totalSteps = Math.min(steps, maxSteps ?? steps);
    if (session.step > totalSteps)
      throw new CheckpointError(`train: the checkpoint is at step ${session.step}, asked to stop at ${totalSteps}`);
    const extent = extentOf(session, this.#data, this.#options, totalSteps);
    await this.#loggers.tell("onStart", runInfo(this.#options, this.#header, this.#group, extent));
    for (const line of noticesOf(recipe, session, this.#data, this.#classWeights)) this.#loggers.notice(line);
    const startStep = session.step;
    await this.#stop.agree();
    const { watch } = session;
    this.#saving.begin();
    await this.#makeUpValidation(totalSteps);
    while (session.step < totalSteps && this.#stop.code === 0 && !watch.isOver) {
      await this.#epoch(totalSteps);
      const isEnd = session.step === totalSteps;
      await this.#stop.agree();
      // a run that is killed in its validation has the epoch
      await this.#saving.afterSteps(isEnd);
      // weights that give no answer take it back
      if (this.#stop.code === 0 && (session.stepInEpoch === 0 || isEnd)) await this.#validate(totalSteps);
      if (this.#stop.code === 0 && (isEnd || watch.isOver)) await this.#delivery.fold();
      await this.#saving.settle();
      await this.#stop.agree();
    }
    // a run that was at its end already has its choice between the two sets of weights to make again
    const isAtEnd = this.#stop.code === 0 && (startStep === totalSteps || watch.isOver);
    if (isAtEnd && !this.#delivery.isValidated && recipe.plan === "short") await this.#validate(totalSteps);
    const stopped = this.#howStopped(steps);
    if (startStep === session.step) {
      if (stopped !== "signal") await this.#delivery.fold();
      await this.#saving.save();
    }
    return await this.#finish(stopped);
  }

  #howStopped(steps: number): TrainResult["stopped"] {
    const { step, watch } = this.#session;
    if (this.#stop.code > 0) return "signal";
    if (step === steps) return "finished";
    if (!watch.isOver) return "max-steps";
    this.#loggers.notice(describeEarlyStop(watch, this.#options.recipe));
    return "early";
  }

  async #begin(): Promise<void> {
    const { checkpoints } = this.#saving;
    await beginRun({
      ...{ options: this.#options, group: this.#group, session: this.#session, header: this.#header },
      ...{ data: this.#data, checkpoints, best: this.#delivery.best, loggers: this.#loggers },
    });
    await expectEqualWeights(this.#group, this.#session, "first weights");
  }

  /** The steps of the epoch under way, until its end, the last step of the run, or a signal on any rank. */
  async #epoch(totalSteps: number): Promise<void> {
    const { checkEvery = 100 } = this.#options;
    const session = this.#session;
    const { epoch } = session;
    const isLast = () => session.stepInEpoch === 0 || session.step === totalSteps || this.#stop.code > 0;
    const batches = this.#data.epoch(epoch, session.stepInEpoch);
    const next = async () => (await batches.next()).value as Batch;
    let last = performance.now();
    try {
      do {
        const outcome = await this.#stepper.step(next, () => this.#stop.own);
        const now = performance.now();
        const info = stepInfo(session, epoch, outcome, now - last);
        last = now;
        this.#stop.take(outcome.stop);
        session.log(info);
        await this.#saving.expectFolder();
        await this.#loggers.tell("onStep", info);
        if (session.step % checkEvery === 0)
          await expectEqualWeights(this.#group, session, `weights after step ${session.step}`);
        if (!isLast()) await this.#saving.withinEpoch();
        this.#stop.throwFailure();
        await turnOfEventLoop();
      } while (!isLast());
      if (session.stepInEpoch === 0) await batches.next();
    } finally {
      await batches.return?.();
    }
  }

  /** What stays of a run that has diverged, or lost its device; no file is named that is not there. */
  #explained(error: unknown): unknown {
    const named = [DivergedError, DeviceLostError].find((kind) => error instanceof kind);
    if (!named || this.#group.rank !== 0) return error;
    const { newest } = this.#saving.checkpoints;
    const { summary, hint } = error as TensoroneError;
    const rest = newest === "" ? "no checkpoint was written" : `${newest} is untouched`;
    return new named(summary, hint === undefined ? rest : `${hint}; ${rest}`);
  }

  /** A kill or a signal may have cut off the validation of the epoch that the checkpoint ends. */
  async #makeUpValidation(totalSteps: number): Promise<void> {
    const { step, stepInEpoch, isValidationDue, watch } = this.#session;
    const isMissing = isValidationDue && (stepInEpoch === 0 || step === totalSteps);
    if (this.#stop.code > 0 || step === 0 || !(isMissing || (stepInEpoch === 0 && watch.misses(step)))) return;
    await this.#validate(totalSteps);
    if (this.#stop.code === 0) await this.#saving.settle();
  }

  /**
   * Validates the session as it is, and counts it at the end of an epoch. Of a short run's last step, and where the best
   * counts, both sets of weights, since the better one is delivered.
   */
  async #validate(totalSteps: number): Promise<void> {
    const session = this.#session;
    const { plan } = this.#options.recipe;
    const doCompete = session.watch.wantsRaw || (plan === "short" && session.step === totalSteps);
    const info = await this.#validation.run(doCompete);
    if (!info) return this.#stop.agree();
    await this.#delivery.take(info);
  }

  async #finish(stopped: TrainResult["stopped"]): Promise<TrainResult> {
    const session = this.#session;
    // whoever ends a process by a signal waits for nothing but the checkpoint
    const isWritten = stopped !== "signal" || this.#stop.code === ABORTED;
    if (isWritten && !this.#delivery.isFolded) await this.#delivery.fold();
    await this.#saving.expectFolder();
    const written = isWritten ? await this.#delivery.write() : nothingWritten;
    await this.#group.barrier();
    return {
      steps: session.step,
      epochs: session.step / session.stepsPerEpoch,
      stopped,
      stopCode: this.#stop.code,
      numClasses: this.#header.numClasses,
      validation: this.#delivery.validation,
      badPictures: this.#data.badPictures,
      decoding: this.#data.decoding,
      checkpoint: this.#saving.checkpoints.newest,
      plan: this.#options.recipe.plan!,
      best: this.#group.rank === 0 ? this.#delivery.best.of(session) : null,
      ...written,
    };
  }
}
