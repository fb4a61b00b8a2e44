/**
 * Waiting for a device without asking it all the time. In Node, Dawn polls as long as anything is awaited: a core is busy
 * with it and the garbage it makes is collected in the middle of the next step. So most of the time that work took
 * lately is slept through before Dawn is asked. Browsers tell by themselves.
 */
import { isNode } from "../../util/platform.js";

/** Of the shorter one of the last two waits. */
const SHARE = 0.75;
/** Below this a timer is too coarse. */
const SHORTEST_MS = 3;
/** Dawn's answer sooner than this share of the pause means that the device had been done for who knows how long. */
const TOO_SOON = 0.1;

export class Patience {
  #last = 0;
  #before = 0;

  /** What `ask` resolves to; it is called when the device may be done. */
  async wait<T>(ask: () => Promise<T>): Promise<T> {
    const start = performance.now();
    const wanted = SHARE * Math.min(this.#last, this.#before);
    const pauseMs = isNode && wanted >= SHORTEST_MS ? wanted : 0;
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    const asked = performance.now();
    const result = await ask();
    const now = performance.now();
    this.#before = this.#last;
    this.#last = now - asked < TOO_SOON * pauseMs ? 0 : now - start;
    return result;
  }
}
