/** Starts [Try]'s worker; a module of its own, as engine.ts is. */
export const startTryWorker = (): Worker =>
  new Worker(new URL("./try-worker.ts", import.meta.url), { type: "module", name: "tensorone-try" });
