/**
 * Starts the engine: as many threads as the page may have, and in words why not more. The worker imports the library's parts and not its
 * entry, which brings every method of tensors along: a page begins with two thirds of it.
 */
import { installAutograd } from "../../src/autograd/tape.js";
import { getBackend, setBackend } from "../../src/backends/backend.js";
import type { Machine } from "../protocol.js";

/** Beyond it, steps of the small networks of a tab gain nothing. */
const MOST_THREADS = 8;

/** How many threads may share memory here. */
export const coresHere = (): number =>
  globalThis.crossOriginIsolated ? Math.min(MOST_THREADS, navigator.hardwareConcurrency || 1) : 1;

/** Waits until its threads answer. */
export async function startEngine(wanted: number | undefined, storage: Machine["storage"]): Promise<Machine> {
  const threads = Math.min(wanted ?? MOST_THREADS, coresHere());
  installAutograd();
  await setBackend("wasm", { threads });
  const notes = ["Training runs on the processor."];
  if (!globalThis.crossOriginIsolated)
    notes.push("One thread: this page is served without two headers; training takes up to twice as long.");
  if (storage === "memory") notes.push("This browser keeps nothing for this page: a reload begins anew.");
  return { threads: getBackend().name === "wasm" ? threads : 1, backend: "wasm", why: notes.join(" "), storage };
}
