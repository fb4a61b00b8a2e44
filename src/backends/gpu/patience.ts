/**
 * Waiting for a device without asking it all the time. In Node, Dawn polls as long as anything is awaited: a core is busy
 * with it and the garbage it makes is collected in the middle of the next step. So most of the time that the same amount
 * of work took before, as in a training step, is slept through before Dawn is asked. Browsers tell by themselves.
 */
import { isNode } from "../../util/platform.js";

/** Of the shorter one of the last two waits. */
const SHARE = 0.75;
/** Below this a timer is too coarse. */
const SHORTEST_MS = 3;
/** Dawn's answer sooner than this share of the pause means that the device had been done for who knows how long. */
const TOO_SOON = 0.1;
/** Amounts of work that are remembered. */
const KEPT = 64;

interface Waits {
  readonly last: number;
  readonly before: number;
}

export class Patience {
  readonly #waits = new Map<number, Waits>();
  #pause: Promise<unknown> = Promise.resolve();

  /** What `ask` resolves to; it is called when the device may be done with the dispatches since the last wait. */
  async wait<T>(dispatches: number, ask: () => Promise<T>): Promise<T> {
    if (!isNode) return ask();
    if (dispatches === 0) {
      // another result of the same work
      await this.#pause;
      return ask();
    }
    const start = performance.now();
    const { last, before } = this.#waits.get(dispatches) ?? { last: 0, before: 0 };
    const wanted = SHARE * Math.min(last, before);
    const pauseMs = wanted >= SHORTEST_MS ? wanted : 0;
    if (pauseMs > 0) {
      this.#pause = new Promise((resolve) => setTimeout(resolve, pauseMs));
      await this.#pause;
    }
    const asked = performance.now();
    const result = await ask();
    const now = performance.now();
    if (this.#waits.size >= KEPT) this.#waits.clear();
    this.#waits.set(dispatches, { last: now - asked < TOO_SOON * pauseMs ? 0 : now - start, before: last });
    return result;
  }
}
