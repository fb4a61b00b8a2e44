/**
 * A training run from data folder to checkpoints: epochs of steps, a checkpoint and a validation of the averaged weights
 * after each, and the fold with its certificate at the end. It tells its loggers everything and prints nothing.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { DecoderName } from "../data/codecs/decoder.js";
import { openDataset } from "../data/dataset.js";
import { DataLoader } from "../data/loader.js";
import { type Certificate, createModel, type MobileOne, reparameterize, summarize } from "../models/index.js";
import { CheckpointError } from "../util/errors.js";
import { breathe } from "./breathe.js";
import { CheckpointFolder, type CheckpointHeader } from "./checkpoint.js";
import { evaluate } from "./evaluate.js";
import type { Logger, RunInfo, ValidationInfo } from "./events.js";
import { loadModelFile, saveModelFile } from "./model-file.js";
import { evalPipeline, trainPipeline } from "./pipeline.js";
import type { Recipe } from "./recipe.js";
import { Session } from "./session.js";

export interface TrainOptions {
  readonly recipe: Recipe;
  /** Folder in ImageNet layout, with train and val, or shards of one. */
  readonly data: string;
  /** Folder for checkpoints, weights and log; made where missing. */
  readonly out: string;
  readonly seed: number;
  /** Decoding threads. */
  readonly workers: number;
  /** Who turns JPEG files into pixels. Default jpeg-js. */
  readonly decoder?: DecoderName;
  /** Stop after this step, counted from 1 over the whole run. */
  readonly maxSteps?: number;
  /** Go on from a checkpoint: a file, or true for the newest in `out`. */
  readonly resume?: string | true;
  /** Start from the weights of this file instead of random ones. */
  readonly init?: string;
  /** Validate after each epoch and at the end. Default true. */
  readonly validate?: boolean;
  /** Validate the raw weights as well as the averaged ones. */
  readonly validateRaw?: boolean;
  /** Checkpoints to keep, the newest; older ones are deleted. Default 3. */
  readonly keep?: number;
  readonly loggers: readonly Logger[];
  /** When it fires, the run saves at the end of the step and leaves. */
  readonly signal?: AbortSignal;
  /** For the run's information only, e.g. "wasm x2". */
  readonly backendLabel: string;
}

export interface TrainResult {
  readonly steps: number;
  readonly epochs: number;
  readonly stopped: "finished" | "max-steps" | "signal";
  readonly validation: ValidationInfo | null;
  readonly checkpoint: string;
  /** null where the run was stopped early. */
  readonly certificate: Certificate | null;
  readonly modelFile: string;
  readonly deployFile: string;
}

/** Trains and returns what came of it. Throws DataError, CheckpointError or DivergedError; files already written stay. */
export async function train(options: TrainOptions): Promise<TrainResult> {
  return new Run(options).run();
}

class Run {
  readonly #options: TrainOptions;
  readonly #checkpoints: CheckpointFolder;
  #lastValidation: ValidationInfo | null = null;

  constructor(options: TrainOptions) {
    this.#options = options;
    this.#checkpoints = new CheckpointFolder(join(options.out, "checkpoints"), options.keep);
  }

  async run(): Promise<TrainResult> {
    const { recipe, data, out, seed, workers, decoder = "jpeg-js", signal } = this.#options;
    const trainSet = openDataset(data, "train");
    const valSet = openDataset(data, "val", { numClasses: trainSet.classes.length });
    const loader = new DataLoader(trainSet, {
      batchSize: recipe.batchSize,
      transform: (epoch) => trainPipeline(recipe, epoch),
      seed,
      shuffle: true,
      workers,
      decoder,
    });
    const valLoader = new DataLoader(valSet, {
      batchSize: recipe.images.evalBatchSize,
      transform: evalPipeline(recipe),
      workers,
      decoder,
    });
    const model = createModel(recipe.model, { numClasses: trainSet.classes.length, seed });
    const session = new Session(recipe, model, loader.batchesPerEpoch);
    const header: CheckpointHeader = {
      recipe,
      seed,
      numClasses: trainSet.classes.length,
      classes: trainSet.classes,
      trainImages: trainSet.samples.length,
    };
    try {
      await this.#prepare(session, header);
      await mkdir(out, { recursive: true });
      const steps = recipe.epochs * session.stepsPerEpoch;
      const totalSteps = Math.min(steps, this.#options.maxSteps ?? steps);
      if (session.step > totalSteps)
        throw new CheckpointError(`train: the checkpoint is at step ${session.step}, asked to stop at ${totalSteps}`);
      await this.#tell("onStart", this.#info(session, header, valSet.samples.length, totalSteps));
      const startStep = session.step;
      while (session.step < totalSteps && !signal?.aborted) {
        await this.#epoch(session, loader, totalSteps);
        const isWhole = session.stepInEpoch === 0;
        await this.#save(session, header, isWhole);
        if (!signal?.aborted && (isWhole || session.step === totalSteps)) await this.#validate(session, valLoader);
      }
      const stopped = signal?.aborted ? "signal" : session.step === steps ? "finished" : "max-steps";
      if (startStep === session.step) await this.#save(session, header, session.stepInEpoch === 0);
      return await this.#finish(session, header, stopped);
    } finally {
      await loader.close();
      await valLoader.close();
      await this.#tell("onEnd", undefined);
    }
  }

  /** Initial weights, or everything from a checkpoint. */
  async #prepare(session: Session, header: CheckpointHeader): Promise<void> {
    const { resume, init } = this.#options;
    if (resume !== undefined) {
      const notice = (text: string) => this.#notice(text);
      const path = await this.#checkpoints.resume(resume === true ? null : resume, session, header, notice);
      this.#notice(`resumed ${path} at step ${session.step}`);
    } else if (init !== undefined) {
      const source = await loadModelFile(init);
      session.model.loadStateDict(source.model.stateDict());
      source.model.dispose();
      this.#notice(`weights from ${init}`);
    }
  }

  async #epoch(session: Session, loader: DataLoader, totalSteps: number): Promise<void> {
    const { signal } = this.#options;
    const { epoch } = session;
    let last = performance.now();
    for await (const batch of loader.epoch(epoch, { startBatch: session.stepInEpoch })) {
      const result = session.train(batch);
      const now = performance.now();
      const stepMs = now - last;
      last = now;
      batch.release();
      await this.#tell("onStep", {
        epoch,
        step: session.step,
        stepInEpoch: session.stepInEpoch === 0 ? session.stepsPerEpoch : session.stepInEpoch,
        loss: result.loss,
        lr: result.lr,
        weightDecay: result.weightDecay,
        accuracy: result.correct / batch.size,
        imagesPerSecond: (1000 * batch.size) / stepMs,
        dataWait: Math.min(1, batch.dataWaitMs / stepMs),
        stepMs,
      });
      if (signal?.aborted || session.step >= totalSteps) break;
      await breathe();
    }
  }

  async #save(session: Session, header: CheckpointHeader, isEpochEnd: boolean): Promise<void> {
    const saved = await this.#checkpoints.save(session, header, isEpochEnd);
    await this.#tell("onCheckpoint", { ...saved, step: session.step });
  }

  async #validate(session: Session, loader: DataLoader): Promise<void> {
    if (this.#options.validate === false) return;
    const { signal, validateRaw = false } = this.#options;
    const measure = () =>
      evaluate(session.model, loader, {
        ...(signal ? { signal } : {}),
        onProgress: (progress) => {
          for (const logger of this.#options.loggers) logger.onEvalProgress?.(progress);
        },
      });
    const result = await session.ema.withAverages(measure);
    const raw = validateRaw && !signal?.aborted ? await measure() : undefined;
    if (signal?.aborted) return;
    const epoch = Math.ceil(session.step / session.stepsPerEpoch) - 1;
    this.#lastValidation = { epoch, step: session.step, ...result, ...(raw && { raw }) };
    await this.#tell("onValidation", this.#lastValidation);
  }

  /** Writes the averaged weights, and once the run is over their folded form with the certificate. */
  async #finish(session: Session, header: CheckpointHeader, stopped: TrainResult["stopped"]): Promise<TrainResult> {
    const { out } = this.#options;
    const modelFile = join(out, "model.safetensors");
    const deployFile = join(out, "model-deploy.safetensors");
    const model = session.model as MobileOne;
    const info = { recipe: session.recipe, classes: header.classes };
    let certificate: Certificate | null = null;
    if (stopped !== "signal")
      certificate = await session.ema.withAverages(async () => {
        model.eval();
        await saveModelFile(modelFile, model, info);
        const { evalSize } = session.recipe.images;
        const folded = await reparameterize(model, { probe: { imageSize: evalSize } });
        await saveModelFile(deployFile, folded.model, info);
        folded.model.dispose();
        return folded.certificate;
      });
    return {
      steps: session.step,
      epochs: session.step / session.stepsPerEpoch,
      stopped,
      validation: this.#lastValidation,
      checkpoint: this.#checkpoints.newest,
      certificate,
      modelFile,
      deployFile,
    };
  }

  #info(session: Session, header: CheckpointHeader, valImages: number, totalSteps: number): RunInfo {
    const { recipe, out, data, seed, backendLabel, decoder = "jpeg-js" } = this.#options;
    const { totals } = summarize(recipe.model, { numClasses: header.numClasses, imageSize: recipe.images.trainSize });
    return {
      recipe,
      model: recipe.model,
      parameters: totals.train.parameters,
      deployParameters: totals.deploy.parameters,
      numClasses: header.numClasses,
      trainImages: header.trainImages,
      valImages,
      stepsPerEpoch: session.stepsPerEpoch,
      epochs: recipe.epochs,
      totalSteps,
      startStep: session.step,
      backend: backendLabel,
      decoder,
      seed,
      out,
      data,
    };
  }

  #notice(text: string): void {
    for (const logger of this.#options.loggers) logger.onNotice?.(text);
  }

  async #tell<K extends "onStart" | "onStep" | "onValidation" | "onCheckpoint" | "onEnd">(
    event: K,
    info: Parameters<NonNullable<Logger[K]>>[0],
  ): Promise<void> {
    for (const logger of this.#options.loggers)
      await (logger[event] as ((i: typeof info) => void) | undefined)?.call(logger, info);
  }
}
