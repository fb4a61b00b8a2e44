/** Takes the place of studio/ui/engine.ts in pages for tests. */
export const startWorker = (): Worker =>
  new Worker(new URL("./pretending.ts", import.meta.url), { type: "module", name: "pretending" });
