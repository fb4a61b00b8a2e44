/**
 * Whether the run is to be left: a signal that one rank has heard counts for all, and only once all know of it, or the next
 * sum would wait for a rank that has gone.
 */
import type { StopSignal } from "../../util/host-types.js";
import { gather } from "./agreement.js";
import type { ProcessGroup } from "./process-group.js";

/** The code of a stop that was asked for without one, from code. */
export const ABORTED = 1;

/** As a signal's reason: something failed outside of the run, which saves and throws it. */
export class OutsideFailure {
  constructor(readonly error: unknown) {}
}

export class StopVote {
  readonly #group: ProcessGroup;
  readonly #signal: StopSignal | undefined;
  #code = 0;

  constructor(group: ProcessGroup, signal: StopSignal | undefined) {
    this.#group = group;
    this.#signal = signal;
  }

  /** What the ranks have agreed on: above 0, the run is to be left. */
  get code(): number {
    return this.#code;
  }

  /** What this rank has heard, and the others may not know yet: the number its signal was given, 0 for nothing. */
  get own(): number {
    if (!this.#signal?.aborted) return 0;
    const code = this.#signal.reason;
    return typeof code === "number" && code > 0 ? code : ABORTED;
  }

  /** Throws the error of an OutsideFailure that this rank's signal was given. */
  throwFailure(): void {
    if (this.#signal?.aborted && this.#signal.reason instanceof OutsideFailure) throw this.#signal.reason.error;
  }

  /** `code` is known to all ranks already. */
  take(code: number): void {
    this.#code = code;
  }

  /** Takes over what any rank has heard. Throws as throwFailure does. */
  async agree(): Promise<void> {
    this.throwFailure();
    const rows = await gather(this.#group, [Math.max(this.#code, this.own)]);
    this.#code = Math.max(...rows.map(([code]) => code!));
  }
}
