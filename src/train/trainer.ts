/**
 * A training run from data folder to checkpoints: epochs of steps, a checkpoint and a validation of the averaged weights
 * after each, and the fold with its certificate at the end. Every process of a group runs the same lines; rank 0 alone
 * writes, and tells its loggers everything. It prints nothing.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Batch } from "../data/loader.js";
import { createModel, summarize } from "../models/index.js";
import { CheckpointError, TensoroneError } from "../util/errors.js";
import {
  broadcastBytes,
  broadcastJson,
  expectSameFingerprint,
  expectSameRun,
  fingerprint,
  gather,
} from "./agreement.js";
import { breathe } from "./breathe.js";
import { CheckpointFolder } from "./checkpoint.js";
import { type CheckpointHeader, restoreCheckpoint } from "./checkpoint-format.js";
import { evaluateShared } from "./evaluate.js";
import type { Logger, RunInfo, StepInfo, ValidationInfo } from "./events.js";
import { writeFinalModel } from "./final-model.js";
import { loadModelFile } from "./model-file.js";
import { type ProcessGroup, soloGroup } from "./process-group.js";
import { expectReplicas } from "./replica-tree.js";
import { RunData } from "./run-data.js";
import type { TrainOptions, TrainResult } from "./run-options.js";
import { Session } from "./session.js";
import { shareBuffers } from "./share-buffers.js";
import { createStepper, type StepOutcome, type Stepper } from "./stepper.js";

export type { TrainOptions, TrainResult } from "./run-options.js";

/**
 * Trains and returns what came of it; every process of `options.group` calls it with the same options. Throws DataError,
 * CheckpointError, DivergedError or DistributedError, after telling the other processes; files already written stay.
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const { group = soloGroup() } = options;
  try {
    return await new Run(options, group).run();
  } catch (error) {
    const reason = error instanceof TensoroneError ? error.summary : String(error);
    // the error itself is what counts
    await group.abort(reason).catch(() => {});
    throw error;
  }
}

const signalCode = (signal: AbortSignal | undefined): number => {
  if (!signal?.aborted) return 0;
  const code = signal.reason as unknown;
  return typeof code === "number" && code > 0 ? code : 1;
};

class Run {
  readonly #options: TrainOptions;
  readonly #group: ProcessGroup;
  readonly #loggers: readonly Logger[];
  readonly #checkpoints: CheckpointFolder;
  readonly #data: RunData;
  readonly #session: Session;
  readonly #stepper: Stepper;
  readonly #header: CheckpointHeader;
  /** What the ranks have agreed on: above 0, the run is to be left. */
  #stopCode = 0;
  #lastValidation: ValidationInfo | null = null;

  constructor(options: TrainOptions, group: ProcessGroup) {
    const { recipe, data, out, seed, workers, decoder = "jpeg-js", replicas = 1, loggers, keep } = options;
    expectReplicas(replicas, group.worldSize);
    this.#options = options;
    this.#group = group;
    this.#loggers = group.rank === 0 ? loggers : [];
    this.#checkpoints = new CheckpointFolder(join(out, "checkpoints"), keep);
    this.#data = new RunData(recipe, { data, seed, workers, decoder, replicas }, group);
    const { classes, trainImages, stepsPerEpoch } = this.#data;
    const numClasses = classes.length;
    this.#session = new Session(recipe, createModel(recipe.model, { numClasses, seed }), stepsPerEpoch);
    this.#stepper = createStepper(this.#session, replicas, group);
    this.#header = { recipe, seed, replicas, numClasses, classes, trainImages };
  }

  async run(): Promise<TrainResult> {
    const { recipe, out, maxSteps } = this.#options;
    const session = this.#session;
    try {
      await this.#meet();
      await this.#prepare();
      if (this.#group.rank === 0) await mkdir(out, { recursive: true });
      const steps = recipe.epochs * session.stepsPerEpoch;
      const totalSteps = Math.min(steps, maxSteps ?? steps);
      if (session.step > totalSteps)
        throw new CheckpointError(`train: the checkpoint is at step ${session.step}, asked to stop at ${totalSteps}`);
      await this.#tell("onStart", this.#info(totalSteps));
      const startStep = session.step;
      await this.#agreeToStop();
      while (session.step < totalSteps && this.#stopCode === 0) {
        await this.#epoch(totalSteps);
        const isWhole = session.stepInEpoch === 0;
        await this.#save(isWhole);
        await this.#agreeToStop();
        if (this.#stopCode === 0 && (isWhole || session.step === totalSteps)) await this.#validate();
      }
      const stopped = this.#stopCode > 0 ? "signal" : session.step === steps ? "finished" : "max-steps";
      if (startStep === session.step) await this.#save(session.stepInEpoch === 0);
      return await this.#finish(stopped);
    } finally {
      await this.#data.close();
      await this.#tell("onEnd", undefined);
    }
  }

  /** All processes have to be about the same run, or the first step would mix two. */
  async #meet(): Promise<void> {
    if (this.#group.worldSize === 1) return;
    const { validate = true, validateRaw = false, maxSteps = null, checkEvery = null } = this.#options;
    const { valImages } = this.#data;
    const options = { validate, validateRaw, maxSteps, checkEvery };
    await expectSameRun(this.#group, { ...this.#header, ...options, valImages, data: this.#data.fingerprints() });
  }

  /** Initial weights, or everything from a checkpoint, which rank 0 reads for all. */
  async #prepare(): Promise<void> {
    const { resume, init } = this.#options;
    const session = this.#session;
    if (resume !== undefined) await this.#resume(resume === true ? null : resume);
    else if (init !== undefined) {
      const source = await loadModelFile(init);
      session.model.loadStateDict(source.model.stateDict());
      source.model.dispose();
      this.#notice(`weights from ${init}`);
    }
    await this.#expectEqualWeights("first weights");
  }

  async #resume(named: string | null): Promise<void> {
    const group = this.#group;
    const notice = (text: string) => this.#notice(text);
    const found = group.rank === 0 ? await this.#checkpoints.find(named, this.#header, notice) : null;
    const file = await broadcastJson(group, found?.file ?? null);
    const bytes = await broadcastBytes(group, found?.bytes ?? null);
    restoreCheckpoint({ file: file!, bytes }, this.#session);
    if (found) this.#notice(`resumed ${found.path} at step ${this.#session.step}`);
  }

  async #expectEqualWeights(what: string): Promise<void> {
    if (this.#group.worldSize === 1) return;
    await expectSameFingerprint(this.#group, await fingerprint(this.#session.sharedState()), what);
  }

  /** The steps of the epoch under way, until its end, the last step of the run, or a signal on any rank. */
  async #epoch(totalSteps: number): Promise<void> {
    const { signal, checkEvery = 100 } = this.#options;
    const session = this.#session;
    const { epoch } = session;
    const batches = this.#data.epoch(epoch, session.stepInEpoch);
    const next = async () => (await batches.next()).value as Batch;
    let last = performance.now();
    try {
      do {
        const outcome = await this.#stepper.step(next, () => signalCode(signal));
        const now = performance.now();
        await this.#tell("onStep", this.#stepInfo(epoch, outcome, now - last));
        last = now;
        this.#stopCode = outcome.stop;
        if (session.step % checkEvery === 0) await this.#expectEqualWeights(`weights after step ${session.step}`);
        await breathe();
      } while (session.stepInEpoch !== 0 && session.step < totalSteps && this.#stopCode === 0);
      if (session.stepInEpoch === 0) await batches.next();
    } finally {
      await batches.return?.();
    }
  }

  #stepInfo(epoch: number, outcome: StepOutcome, stepMs: number): StepInfo {
    const { stepsPerEpoch, step, stepInEpoch } = this.#session;
    return {
      epoch,
      step,
      stepInEpoch: stepInEpoch === 0 ? stepsPerEpoch : stepInEpoch,
      loss: outcome.loss,
      lr: outcome.rates.lr,
      weightDecay: outcome.rates.weightDecay(this.#options.recipe.optimizer.weightDecay),
      accuracy: outcome.correct / outcome.images,
      imagesPerSecond: (1000 * outcome.images) / stepMs,
      dataWait: Math.min(1, outcome.dataWaitMs / stepMs),
      stepMs,
      ...(this.#group.worldSize > 1 && outcome.ranks && { ranks: outcome.ranks }),
    };
  }

  /** Takes over the signal of any rank. */
  async #agreeToStop(): Promise<void> {
    const rows = await gather(this.#group, [Math.max(this.#stopCode, signalCode(this.#options.signal))]);
    this.#stopCode = Math.max(...rows.map(([code]) => code!));
  }

  async #save(isEpochEnd: boolean): Promise<void> {
    const session = this.#session;
    if (this.#group.rank === 0) {
      const saved = await this.#checkpoints.save(session, this.#header, isEpochEnd);
      await this.#tell("onCheckpoint", { ...saved, step: session.step });
    }
    // what comes next may count on the checkpoint
    await this.#group.barrier();
  }

  async #validate(): Promise<void> {
    const { validate = true, validateRaw = false } = this.#options;
    if (!validate) return;
    const session = this.#session;
    const result = await session.ema.withAverages(() => this.#measure());
    const raw = result && validateRaw ? await this.#measure() : null;
    if (!result || (validateRaw && !raw)) return this.#agreeToStop();
    const epoch = Math.ceil(session.step / session.stepsPerEpoch) - 1;
    this.#lastValidation = { epoch, step: session.step, ...result, ...(raw && { raw }) };
    await this.#tell("onValidation", this.#lastValidation);
  }

  /** The figures of the weights now in the model, on the running statistics of replica 0. */
  async #measure() {
    const { model } = this.#session;
    const { signal } = this.#options;
    const { validation, mostValidationBatches } = this.#data;
    await shareBuffers(model, this.#group);
    return evaluateShared(model, validation, {
      group: this.#group,
      mostBatches: mostValidationBatches,
      ...(signal ? { signal } : {}),
      onProgress: (progress) => {
        for (const logger of this.#loggers) logger.onEvalProgress?.(progress);
      },
    });
  }

  async #finish(stopped: TrainResult["stopped"]): Promise<TrainResult> {
    const { out } = this.#options;
    const session = this.#session;
    const modelFile = join(out, "model.safetensors");
    const deployFile = join(out, "model-deploy.safetensors");
    const isWriter = stopped !== "signal" && this.#group.rank === 0;
    const files = { modelFile, deployFile };
    const certificate = isWriter ? await writeFinalModel(session, this.#header.classes, files) : null;
    await this.#group.barrier();
    return {
      steps: session.step,
      epochs: session.step / session.stepsPerEpoch,
      stopped,
      stopCode: this.#stopCode,
      validation: this.#lastValidation,
      decoding: this.#data.decoding,
      checkpoint: this.#checkpoints.newest,
      certificate,
      ...files,
    };
  }

  #info(totalSteps: number): RunInfo {
    const { recipe, out, data, seed, backendLabel, decoder = "jpeg-js", replicas = 1 } = this.#options;
    const { numClasses, trainImages } = this.#header;
    const { totals } = summarize(recipe.model, { numClasses, imageSize: recipe.images.trainSize });
    return {
      recipe,
      model: recipe.model,
      parameters: totals.train.parameters,
      deployParameters: totals.deploy.parameters,
      numClasses,
      trainImages,
      valImages: this.#data.valImages,
      stepsPerEpoch: this.#session.stepsPerEpoch,
      epochs: recipe.epochs,
      totalSteps,
      startStep: this.#session.step,
      replicas,
      processes: this.#group.worldSize,
      transport: this.#group.transport,
      backend: backendLabel,
      decoder,
      seed,
      out,
      data,
    };
  }

  #notice(text: string): void {
    for (const logger of this.#loggers) logger.onNotice?.(text);
  }

  async #tell<K extends "onStart" | "onStep" | "onValidation" | "onCheckpoint" | "onEnd">(
    event: K,
    info: Parameters<NonNullable<Logger[K]>>[0],
  ): Promise<void> {
    for (const logger of this.#loggers)
      await (logger[event] as ((i: typeof info) => void) | undefined)?.call(logger, info);
  }
}
