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

export class Patience {
  #last = 0;
  #before = 0;

  /** What `ask` resolves to; it is called when the device may be done. */
  async wait<T>(ask: () => Promise<T>): Promise<T> {
    const start = performance.now();
    const pauseMs = SHARE * Math.min(this.#last, this.#before);
    if (isNode && pauseMs >= SHORTEST_MS) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    const result = await ask();
    this.#before = this.#last;
    this.#last = performance.now() - start;
    return result;
  }
}
