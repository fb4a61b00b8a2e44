/**
 * The validations of a run: the averaged weights, and the raw ones where they are asked for or compete with them.
 */
import type { DataLoader } from "../data/reading/loader.js";
import { NonFiniteError } from "../util/errors.js";
import { evaluateShared } from "./evaluate.js";
import type { LoggerSet } from "./logger-set.js";
import type { ValidationInfo } from "./loggers/events.js";
import { classificationReport } from "./metrics/classification-report.js";
import type { ProcessGroup } from "./replicas/process-group.js";
import { shareBuffers } from "./replicas/share-buffers.js";
import type { RunData } from "./run-data.js";
import type { TrainOptions } from "./run-options.js";
import { DivergedError } from "./steps/finite.js";
import type { Session } from "./steps/session.js";

export class RunValidation {
  readonly #session: Session;
  readonly #data: RunData;
  readonly #group: ProcessGroup;
  readonly #loggers: LoggerSet;
  readonly #options: Pick<TrainOptions, "validateRaw" | "signal">;

  constructor(
    session: Session,
    data: RunData,
    group: ProcessGroup,
    loggers: LoggerSet,
    options: Pick<TrainOptions, "validateRaw" | "signal">,
  ) {
    this.#session = session;
    this.#data = data;
    this.#group = group;
    this.#loggers = loggers;
    this.#options = options;
  }

  /**
   * The figures of the session as it is, of its raw weights too where they compete with the averaged ones; null where nothing
   * is validated, and where a signal cuts it off. Throws DivergedError for answers that are not finite.
   */
  async run(doCompete: boolean): Promise<ValidationInfo | null> {
    const { validation } = this.#data;
    if (!validation) return null;
    const session = this.#session;
    const { validateRaw = false } = this.#options;
    const result = await session.ema.withAverages(() => this.#measure(validation, "averages"));
    const raw = result && (validateRaw || doCompete) ? await this.#measureRaw(validation, validateRaw) : undefined;
    if (!result || raw === null) return null;
    const epoch = Math.max(1, Math.ceil(session.step / session.stepsPerEpoch));
    return { epoch, step: session.step, ...result, ...(raw && { raw }) };
  }

  /** The raw weights; undefined where they give no answers, which only a run that asked for them minds. */
  async #measureRaw(validation: DataLoader, isAsked: boolean) {
    try {
      return await this.#measure(validation, "raw weights");
    } catch (error) {
      if (isAsked || !(error instanceof DivergedError)) throw error;
      this.#loggers.notice(`${error.summary}: the averaged ones are delivered`);
      return undefined;
    }
  }

  /** The figures of the weights now in the model, on the running statistics of replica 0. */
  async #measure(validation: DataLoader, which: string) {
    const { model, step } = this.#session;
    const { signal } = this.#options;
    await shareBuffers(model, this.#group);
    const { wantsClasses } = this.#session.watch;
    const result = await evaluateShared(model, validation, {
      detail: wantsClasses ? "classes" : "totals",
      where: `validation of the ${which} after step ${step}`,
      group: this.#group,
      ...(signal ? { signal } : {}),
      onProgress: (progress) => this.#loggers.evalProgress(progress),
    }).catch((error) => {
      throw error instanceof NonFiniteError ? this.#session.diverged(error.summary) : error;
    });
    if (!result) return null;
    const { confusion, ...figures } = result;
    return { ...figures, ...(confusion && { macroF1: 100 * classificationReport(confusion).macro.f1 }) };
  }
}
