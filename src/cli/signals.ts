/**
 * Ctrl-C and SIGTERM during a long command: the first asks the run to save and leave, the second leaves at once.
 */
import { constants } from "node:os";

/** A key press that reaches us twice, through the terminal and through a parent such as npm, counts once. */
const echoMs = 400;

export interface Interruption {
  /** Fires at the first signal. */
  readonly signal: AbortSignal;
  /** 130 after SIGINT, 143 after SIGTERM, 0 without either. */
  readonly exitCode: number;
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
    if (exitCode !== 0 && now - firstAt < echoMs) return;
    if (exitCode !== 0) process.exit(exitCode);
    firstAt = now;
    exitCode = 128 + constants.signals[name];
    onFirst(name);
    controller.abort();
  };
  process.on("SIGINT", listen);
  process.on("SIGTERM", listen);
  return {
    signal: controller.signal,
    get exitCode() {
      return exitCode;
    },
    stop() {
      process.off("SIGINT", listen);
      process.off("SIGTERM", listen);
    },
  };
}
