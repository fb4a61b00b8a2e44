/** What the engine will run on, known before it is loaded. */
import type { Machine } from "../protocol.js";

/** Beyond it, steps of the small networks of a tab gain nothing. */
const MOST_THREADS = 8;

/** How many threads may share memory here. */
export const coresHere = (): number =>
  globalThis.crossOriginIsolated ? Math.min(MOST_THREADS, navigator.hardwareConcurrency || 1) : 1;

export function machineOf(wanted: number | undefined, storage: Machine["storage"]): Machine {
  const threads = Math.min(wanted ?? MOST_THREADS, coresHere());
  const notes = ["Training runs on the processor."];
  if (!globalThis.crossOriginIsolated)
    notes.push("One thread: this page is served without two headers; training takes up to twice as long.");
  if (storage === "memory") notes.push("This browser keeps nothing for this page: a reload begins anew.");
  return { threads, backend: "wasm", why: notes.join(" "), storage };
}
