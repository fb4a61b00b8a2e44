/**
 * How often a run is saved within an epoch: after so many steps, or so much time. It changes no number of a run.
 */
import { UsageError } from "../../util/errors.js";

/** Steps, a time such as "10m", or 0: only after epochs. */
export type SaveEvery = number | string;

/** Writing a checkpoint of S0 takes .5 to .9 s of a processor: a seventh of a percent of ten minutes. */
export const SAVE_EVERY = "10m";

const units = { s: 1000, m: 60_000, h: 3_600_000 } as const;
const time = /^(\d+(?:\.\d+)?)([smh])$/;
const EXPECTED = "a number of steps such as 500, a time such as 10m, 45s or 1h, or 0: only after epochs";

/** One of the two; null for never. */
export type Pace = { readonly steps: number } | { readonly ms: number } | null;

/** Throws UsageError, which begins with `where`. */
export function paceOf(every: SaveEvery, where: string): Pace {
  const [, count, unit] = time.exec(String(every)) ?? [];
  const steps = /^\d+$/.test(String(every)) ? Number(every) : Number.NaN;
  const ms = Number(count) * units[unit as keyof typeof units];
  if (steps === 0 || ms === 0) return null;
  if (Number.isSafeInteger(steps)) return { steps };
  if (Number.isFinite(ms)) return { ms };
  throw new UsageError(`${where}: ${every === "" ? "an empty value" : every}, expected ${EXPECTED}`);
}

/** Asked after each step whether it is time. */
export class SaveClock {
  readonly #pace: Pace;
  readonly #now: () => number;
  #savedAt: number;

  constructor(pace: Pace, now: () => number = () => performance.now()) {
    this.#pace = pace;
    this.#now = now;
    this.#savedAt = now();
  }

  /** Steps count from the begin of the run, so that a resumed one saves at the same. */
  isDue(step: number): boolean {
    const pace = this.#pace;
    if (pace === null) return false;
    return "steps" in pace ? step % pace.steps === 0 : this.#now() - this.#savedAt >= pace.ms;
  }

  saved(): void {
    this.#savedAt = this.#now();
  }
}
