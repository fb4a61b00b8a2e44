/** The curves of a run whose log may grow, be cut, or be another one: read on from where the last look ended. Node only. */
import { LogCurves } from "../report/facts/log-curves.js";
import { type LogCursor, readLogFrom } from "./log-cursor.js";

/** Points that are kept of a run, at least: 250 runs take 25 MB. */
const KEPT_POINTS = 500;

export class RunLog {
  readonly #path: string;
  #curves = new LogCurves(KEPT_POINTS);
  #cursor: LogCursor | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  get curves(): LogCurves {
    return this.#curves;
  }

  /** Changes with what the curves hold. */
  get version(): string {
    return this.#cursor ?? "none";
  }

  /** Reads what has come. */
  async readOn(): Promise<void> {
    for (let hasMore = true; hasMore; ) {
      const piece = await readLogFrom(this.#path, this.#cursor);
      if (piece === null || piece.isReset) this.#curves = new LogCurves(KEPT_POINTS);
      this.#cursor = piece?.cursor ?? null;
      for (const line of piece?.text.split("\n") ?? []) this.#curves.add(line);
      hasMore = piece?.hasMore ?? false;
    }
  }
}
