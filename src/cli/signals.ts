/**
 * Ctrl-C, SIGTERM and SIGUSR1 (which schedulers send before they take a machine away) during a long command: the first asks
 * the run to save and leave, the second leaves at once.
 */
import { constants } from "node:os";

const names = ["SIGINT", "SIGTERM", "SIGUSR1"] as const;

/** A key press that reaches us twice, through the terminal and through a parent such as npm, counts once. */
const ECHO_MS = 400;

export interface Interruption {
  /** Fires at the first signal; its reason is the exit code. */
  readonly signal: AbortSignal;
  /** Gives the signals their usual meaning back. */
  stop(): void;
}

/** Listens from now on; `onFirst` may say what happens next. */
export function interruptions(onFirst: (name: NodeJS.Signals) => void): Interruption {
  const controller = new AbortController();
  let firstAt = 0;
  let exitCode = 0;
  const listen = (name: NodeJS.Signals) => {
    const now = performance.now();
    if (exitCode !== 0 && now - firstAt < ECHO_MS) return;
    if (exitCode !== 0) process.exit(exitCode);
    firstAt = now;
    exitCode = 128 + constants.signals[name];
    onFirst(name);
    controller.abort(exitCode);
  };
  for (const name of names) process.on(name, listen);
  return {
    signal: controller.signal,
    stop() {
      for (const name of names) process.off(name, listen);
    },
  };
}
