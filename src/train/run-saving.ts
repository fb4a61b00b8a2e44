/**
 * When a run is saved, and under which kind of name: at the end of an epoch's steps, before the validation that completes the
 * checkpoint; within an epoch as often as asked; and where an error ends the run between two steps. Rank 0 alone writes.
 */
import { mkdir, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { DeviceLostError, RunFolderError, TensoroneError } from "../util/errors.js";
import { shownPath } from "../util/shown-path.js";
import { CheckpointFolder } from "./checkpoints/checkpoint.js";
import type { CheckpointHeader } from "./checkpoints/checkpoint-format.js";
import type { LoggerSet } from "./logger-set.js";
import { type Pace, SaveClock } from "./recipes/save-every.js";
import { DisagreementError } from "./replicas/agreement.js";
import type { ProcessGroup } from "./replicas/process-group.js";
import { RunLock } from "./runs/run-lock.js";
import { DivergedError } from "./steps/finite.js";
import type { Session } from "./steps/session.js";
import type { Stepper } from "./steps/stepper.js";

/** What is saved, and who hears of it. */
export interface Saved {
  readonly session: Session;
  readonly stepper: Stepper;
  readonly header: CheckpointHeader;
  readonly group: ProcessGroup;
  readonly loggers: LoggerSet;
}

export interface SavingOptions {
  /** Of the run. */
  readonly out: string;
  readonly keep: number | undefined;
  readonly pace: Pace;
  /** Whether epochs end with a validation. */
  readonly validates: boolean;
}

export class RunSaving {
  readonly checkpoints: CheckpointFolder;
  readonly #of: Saved;
  readonly #clock: SaveClock;
  readonly #validates: boolean;
  readonly #out: string;
  #lock: RunLock | null = null;
  /** The step of the last checkpoint, or that the run began with. */
  #savedStep = 0;
  /** What is not told yet. */
  #written: { readonly path: string; readonly bytes: number } | null = null;

  constructor(of: Saved, { out, keep, pace, validates }: SavingOptions) {
    this.#of = of;
    this.#out = out;
    this.checkpoints = new CheckpointFolder(join(out, "checkpoints"), keep);
    this.#clock = new SaveClock(pace);
    this.#validates = validates;
  }

  /** Makes the folder, which is this run's until close(). Throws RunFolderError where another run has it. */
  async open(): Promise<void> {
    const { group, loggers } = this.#of;
    if (group.rank !== 0) return;
    await mkdir(this.#out, { recursive: true });
    this.#lock = await RunLock.take(this.#out, (text) => loggers.notice(text));
  }

  async close(): Promise<void> {
    if (!this.#lock) return;
    this.#lock.release();
    // a run that could not begin leaves nothing
    await rmdir(this.#out).catch(() => {});
  }

  /** Throws RunFolderError where the folder is gone, or another run's. */
  async expectFolder(): Promise<void> {
    await this.#lock?.expectHeld();
  }

  /** The session is as a checkpoint has it, or as it was made. */
  begin(): void {
    this.#savedStep = this.#of.session.step;
  }

  /** The steps of an epoch, or of this run, are done: what follows may be killed. */
  async afterSteps(isEnd: boolean): Promise<void> {
    const { session, group } = this.#of;
    session.isValidationDue = this.#validates && (isEnd || session.stepInEpoch === 0);
    if (group.rank === 0) this.#written = await this.#write(session.stepInEpoch === 0 ? "epoch" : "step");
  }

  /** What afterSteps has written counts, and what it replaces goes; on all ranks, since what comes next may count on it. */
  async settle(): Promise<void> {
    const { session, group, loggers } = this.#of;
    if (group.rank === 0) {
      await this.checkpoints.settle(session);
      if (this.#written) await loggers.tell("onCheckpoint", { ...this.#written, step: session.step });
      this.#written = null;
    }
    await group.barrier();
  }

  /** A run that had nothing left to do keeps what it found under the name of today. */
  async save(): Promise<void> {
    const { isValidationDue } = this.#of.session;
    await this.afterSteps(false);
    this.#of.session.isValidationDue = isValidationDue;
    await this.settle();
  }

  /** A checkpoint within the epoch, where it is time for one. */
  async withinEpoch(): Promise<void> {
    const { session, group, loggers } = this.#of;
    if (group.rank !== 0 || !this.#clock.isDue(session.step)) return;
    const saved = await this.#write("within");
    await this.checkpoints.settle(session);
    await loggers.tell("onCheckpoint", { ...saved, step: session.step });
  }

  /**
   * Saves what an error has left whole: the steps before it. Not where the numbers are wrong, or ranks hold different ones. An
   * error of its own is told and ends nothing, since the first one counts.
   */
  async afterError(error: unknown): Promise<void> {
    const { session, stepper, group, loggers } = this.#of;
    if (group.rank !== 0) return;
    if (error instanceof DivergedError) return this.checkpoints.takeBack();
    // nothing of a lost device can be read
    if (
      error instanceof DeviceLostError ||
      error instanceof DisagreementError ||
      error instanceof RunFolderError ||
      session.step <= this.#savedStep
    )
      return;
    try {
      if (!stepper.undo()) return;
      session.isValidationDue = this.#validates && session.stepInEpoch === 0;
      const { path } = await this.#write(session.stepInEpoch === 0 ? "epoch" : "within");
      await this.checkpoints.settle(session);
      loggers.notice(`step ${session.step} is saved in ${shownPath(path)}: --resume goes on from there`);
    } catch (problem) {
      const why = problem instanceof TensoroneError ? problem.summary : String(problem);
      loggers.notice(`step ${session.step} could not be saved: ${why}`);
    }
  }

  async #write(kind: "epoch" | "step" | "within"): Promise<{ path: string; bytes: number }> {
    const { session, header } = this.#of;
    await this.expectFolder();
    const saved = await this.checkpoints.write(session, header, kind);
    this.#savedStep = session.step;
    this.#clock.saved();
    return saved;
  }
}
