/**
 * What asks a long command to save and leave: Ctrl-C, SIGTERM, SIGHUP (its terminal is gone), SIGUSR1 (which schedulers send
 * before they take a machine away), a reader of its output who left, and an error that nothing has caught. The second signal
 * leaves at once.
 */
import { constants } from "node:os";
import { OutsideFailure } from "../train/replicas/stop-vote.js";

const names = ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1"] as const;

/** A key press that reaches us twice, through the terminal and through a parent such as npm, counts once. */
const ECHO_MS = 400;
/** 128 + SIGPIPE, as of any filter. */
export const READER_LEFT = 141;
/** A run that an uncaught error has left waiting for ever ends after this. */
const HUNG_MS = 120_000;

/** How a stream says that nobody reads it any more: a closed pipe, a terminal that is gone. */
export const hasReaderLeft = ({ code }: NodeJS.ErrnoException): boolean => code === "EPIPE" || code === "EIO";

let leaving: (() => void) | null = null;

/** Whether a command that is under way leaves in good order, now that nobody reads its output. */
export function leavesInOrder(): boolean {
  leaving?.();
  return leaving !== null;
}

export interface Interruption {
  /** Fires at the first of them; its reason is the exit code, or the error. */
  readonly signal: AbortSignal;
  /** Gives the signals their usual meaning back. */
  stop(): void;
}

/** Listens from now on; `onFirst` may say what happens next. */
export function interruptions(onFirst: (name: string) => void): Interruption {
  const controller = new AbortController();
  let firstAt = 0;
  let exitCode = 0;
  const ask = (code: number, name: string | null, reason: unknown = code) => {
    firstAt = performance.now();
    exitCode = code;
    if (name !== null) onFirst(name);
    controller.abort(reason);
  };
  const listen = (name: NodeJS.Signals) => {
    if (exitCode !== 0 && performance.now() - firstAt < ECHO_MS) return;
    if (exitCode !== 0 && exitCode !== READER_LEFT) process.exit(exitCode);
    ask(128 + constants.signals[name], name);
  };
  const fail = (error: unknown) => {
    // a second one, or one of a run that is leaving: what it was told first counts
    if (exitCode !== 0) return;
    setTimeout(() => process.exit(1), HUNG_MS).unref();
    ask(
      1,
      `an error outside of the run (${error instanceof Error ? error.message : String(error)})`,
      new OutsideFailure(error),
    );
  };
  leaving = () => {
    if (exitCode === 0) ask(READER_LEFT, null);
  };
  for (const name of names) process.on(name, listen);
  process.on("uncaughtException", fail);
  process.on("unhandledRejection", fail);
  return {
    signal: controller.signal,
    stop() {
      leaving = null;
      for (const name of names) process.off(name, listen);
      process.off("uncaughtException", fail);
      process.off("unhandledRejection", fail);
    },
  };
}
