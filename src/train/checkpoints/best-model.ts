/**
 * The weights of a run's best epoch and their folded form, beside its last ones. Which epoch that is, the session's watch says
 * (steps/validation-watch).
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { decodeWeights } from "../../models/files/index.js";
import { CheckpointError } from "../../util/errors.js";
import type { ValidationInfo } from "../loggers/events.js";
import { DivergedError } from "../steps/finite.js";
import type { Session } from "../steps/session.js";
import type { BestValidation } from "../steps/validation-watch.js";
import { BEST_DEPLOY_FILE_NAME, BEST_FILE_NAME, type FinalFiles, foldWeights, writeFinalModel } from "./final-model.js";
import { readCheckpointBytes, type WeightSet } from "./model-file.js";

/** The best epoch of a run, and where its weights are. */
export interface BestModel extends Omit<BestValidation, "isRaw">, FinalFiles {
  readonly weights: WeightSet;
}

const weightsOf = ({ isRaw }: BestValidation): WeightSet => (isRaw ? "raw" : "averaged");

export class BestModelFiles {
  readonly #files: FinalFiles;
  readonly #notice: (text: string) => void;

  constructor(out: string, notice: (text: string) => void) {
    this.#files = { modelFile: join(out, BEST_FILE_NAME), deployFile: join(out, BEST_DEPLOY_FILE_NAME) };
    this.#notice = notice;
  }

  /**
   * Counts a validation of the session as it is, and writes its weights where it is the best so far. Weights that have no
   * certificate are not, with a notice: the run may still get better.
   */
  async take(session: Session, info: ValidationInfo, classes: readonly string[]): Promise<void> {
    const { watch } = session;
    const former = watch.best;
    if (!watch.take(info)) return;
    try {
      const weights = weightsOf(watch.best!);
      const { model } = await foldWeights(session, weights);
      await writeFinalModel(session, model, classes, weights, this.#files, { step: info.step });
    } catch (error) {
      if (!(error instanceof DivergedError)) throw error;
      watch.forgetBest(former);
      this.#notice(`${BEST_FILE_NAME} is not written: ${error.summary}`);
    }
  }

  /** Before a run goes on: a best epoch whose weights are not in its folder is none. */
  async check({ watch }: Session): Promise<void> {
    if (!watch.best || (await this.#step()) === watch.best.step) return;
    const { step, metric, value } = watch.best;
    watch.forgetBest();
    this.#notice(
      `${this.#files.modelFile} is not that of step ${step}, ${metric} ${value}: the best is found anew from here on`,
    );
  }

  /** The step that the file's weights are of; null where there is none. */
  async #step(): Promise<number | null> {
    const { modelFile, deployFile } = this.#files;
    if (!existsSync(modelFile) || !existsSync(deployFile)) return null;
    try {
      const { metadata } = decodeWeights(await readCheckpointBytes(modelFile), modelFile);
      return Number(metadata.step ?? Number.NaN);
    } catch (error) {
      if (error instanceof CheckpointError) return null;
      throw error;
    }
  }

  /** For the run's result. */
  of({ watch }: Session): BestModel | null {
    if (!watch.best) return null;
    const { isRaw: _, ...best } = watch.best;
    return { ...best, weights: weightsOf(watch.best), ...this.#files };
  }
}
