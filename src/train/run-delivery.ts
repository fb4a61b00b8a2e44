/**
 * What a run delivers: the weights that its last validation chooses, folded with their certificate, in two files; and those of its best
 * epoch. Rank 0 alone folds and writes.
 */
import { join } from "node:path";
import type { Reparameterized } from "../models/index.js";
import { BestModelFiles } from "./checkpoints/best-model.js";
import type { CheckpointHeader } from "./checkpoints/checkpoint-format.js";
import {
  chooseWeights,
  DEPLOY_FILE_NAME,
  foldWeights,
  MODEL_FILE_NAME,
  writeFinalModel,
} from "./checkpoints/final-model.js";
import type { WeightSet } from "./checkpoints/model-file.js";
import type { LoggerSet } from "./logger-set.js";
import type { ValidationInfo } from "./loggers/events.js";
import type { ProcessGroup } from "./replicas/process-group.js";
import type { TrainResult } from "./run-options.js";
import type { Session } from "./steps/session.js";

/** Whose weights, and who hears of them. */
export interface Delivered {
  readonly session: Session;
  readonly header: CheckpointHeader;
  readonly group: ProcessGroup;
  readonly loggers: LoggerSet;
}

export class RunDelivery {
  readonly best: BestModelFiles;
  readonly #of: Delivered;
  readonly #out: string;
  #validation: ValidationInfo | null = null;
  #folded: Reparameterized | null = null;

  constructor(of: Delivered, out: string) {
    this.#of = of;
    this.#out = out;
    this.best = new BestModelFiles(out, (text) => of.loggers.notice(text));
  }

  /** The last validation; null before the first. */
  get validation(): ValidationInfo | null {
    return this.#validation;
  }

  /** Whether the weights as they are have been validated. */
  get isValidated(): boolean {
    return this.#validation?.step === this.#of.session.step;
  }

  /** Which set of weights is delivered, by the validation of the step the session is at. */
  get #weights(): WeightSet {
    return chooseWeights(this.#of.header.recipe, this.isValidated ? this.#validation : null);
  }

  /** A validation of the session as it is; at the end of an epoch it may be the best. */
  async take(info: ValidationInfo): Promise<void> {
    const { session, header, group, loggers } = this.#of;
    this.#validation = info;
    session.isValidationDue = false;
    await loggers.tell("onValidation", info);
    if (session.stepInEpoch !== 0) return;
    if (group.rank === 0) await this.best.take(session, info, header.classes);
    else session.watch.take(info);
  }

  get isFolded(): boolean {
    return this.#folded !== null;
  }

  /** The fold of the weights as they are, for write(). Throws DivergedError for weights that have no certificate. */
  async fold(): Promise<void> {
    const { session, group } = this.#of;
    if (group.rank === 0) this.#folded = await foldWeights(session, this.#weights);
  }

  /** Both model files from what fold() has left. What the result says of them. */
  async write(): Promise<Pick<TrainResult, "certificate" | "weights" | "modelFile" | "deployFile">> {
    const { session, header } = this.#of;
    const files = { modelFile: join(this.#out, MODEL_FILE_NAME), deployFile: join(this.#out, DEPLOY_FILE_NAME) };
    const weights = this.#weights;
    const folded = this.#folded;
    if (folded) await writeFinalModel(session, folded.model, header.classes, weights, files);
    return { certificate: folded?.certificate ?? null, weights, ...files };
  }
}

/** Of a run that writes no model. */
export const nothingWritten = { certificate: null, weights: null, modelFile: null, deployFile: null } as const;
