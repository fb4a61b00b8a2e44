/**
 * One rank as its launcher sees it: a child process, its last lines, its end. Over the channel between
 * them a rank says whom it blames; when it breaks, the rank knows that its launcher is gone (see launcher-watch).
 */
import { type ChildProcess, spawn } from "node:child_process";
import type { Environment } from "./environment.js";
import type { Blame, Notice } from "./peer-error.js";

const KEPT_LINES = 20;
/** What a process has said may be read a little after its end, on a busy machine more than a little. */
const LAST_WORDS_MS = 1000;
const KEPT_BYTES = 16_384;

export class RankProcess {
  readonly rank: number;
  /** Resolves when the process has ended and all it said has been read. */
  readonly ended: Promise<void>;
  exitCode: number | null = null;
  signal: NodeJS.Signals | null = null;
  /** The ranks that this rank blames; empty where it blames none. */
  blames: readonly number[] = [];
  readonly #child: ChildProcess;
  #tail = "";
  #hasEnded = false;

  /**
   * Runs `node ...words`. The whole run has one stdin, that of rank 0, and shows one stdout, also rank 0's; `onNotice` hears what the
   * first rank of another machine has to say while it cannot be seen.
   */
  constructor(rank: number, words: readonly string[], env: Environment, onNotice: (text: string) => void) {
    this.rank = rank;
    const isFirst = rank === 0;
    this.#child = spawn(process.execPath, [...process.execArgv, ...words], {
      env: { ...env },
      stdio: [isFirst ? "inherit" : "ignore", isFirst ? "inherit" : "ignore", "pipe", "ipc"],
    });
    this.#child.stderr!.on("data", (chunk: Buffer) => {
      if (isFirst) process.stderr.write(chunk);
      this.#tail = (this.#tail + chunk.toString()).slice(-KEPT_BYTES);
    });
    this.#child.on("message", (message) => {
      const { blames, notice } = message as Partial<Blame & Notice>;
      if (Array.isArray(blames)) this.blames = blames;
      if (typeof notice === "string") onNotice(notice);
    });
    this.ended = new Promise((resolve) => {
      const finish = (exitCode: number | null, signal: NodeJS.Signals | null) => {
        if (this.#hasEnded) return;
        this.#hasEnded = true;
        this.exitCode = exitCode;
        this.signal = signal;
        resolve();
      };
      this.#child.once("exit", (code, signal) => {
        const end = () => finish(code, signal);
        this.#child.once("close", end);
        // a grandchild may keep stderr open for ever
        setTimeout(end, LAST_WORDS_MS);
      });
      this.#child.once("error", (error) => {
        this.#tail += `${error.message}\n`;
        finish(1, null);
      });
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get lastLines(): readonly string[] {
    return this.#tail
      .split(/\r?\n/)
      .filter((line) => line.trim() !== "")
      .slice(-KEPT_LINES);
  }

  /** Does nothing to a process that has ended. */
  kill(signal: NodeJS.Signals): void {
    if (!this.#hasEnded) this.#child.kill(signal);
  }
}
