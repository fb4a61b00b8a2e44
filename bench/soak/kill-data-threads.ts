/** Data threads that end in the middle of a run: it ends with a line that names the thread and the picture, and no process is left. */
import { join } from "node:path";
import { type Campaign, isOver, type SoakContext, Tally } from "./campaign.js";
import { Draw } from "./mutants/mutators.js";
import { run, tinyTraining, wrongEnd } from "./processes.js";

/** A run that nothing ends by itself before a thread does. */
const STEPS = 100_000;
/** Threads start within a second; the hit comes between. */
const LATEST_MS = 1500;
const NAMED = /data worker \d+: (stopped|closed)/;

export const campaign: Campaign = {
  help: "data threads ended in the middle of training",
  share: 1,
  async run(context: SoakContext) {
    const tally = new Tally();
    const draw = new Draw(context.seed);
    let [trials, failures] = [0, 0];
    while (trials < (context.isShort ? 1 : Number.POSITIVE_INFINITY) && !isOver(context)) {
      const afterMs = draw.below(LATEST_MS);
      const words = tinyTraining(join(context.folder, String(trials)), STEPS, "--workers", "2");
      const env = { SOAK_AFTER_MS: String(afterMs) };
      const problem = wrongEnd(await run(words, { preload: ["tiny", "data-thread"], env }), NAMED);
      trials++;
      if (problem === null) continue;
      failures++;
      tally.failures.push(`a data thread ended after ${afterMs} ms: ${problem}`);
    }
    tally.counts.push({ what: "a data thread ended", trials, failures });
    return tally.result();
  },
};
