/** Steps of the wall clock, there and back, during training and between a run and its resume: nothing of them in any bit. */
import { join } from "node:path";
import { type Campaign, isOver, type SoakContext, Tally } from "./campaign.js";
import { bitsOf, type Preload, run, tinyTraining } from "./processes.js";

const STEPS = 12;
const HOUR_MS = 3_600_000;

/** Jumps by name; each run meets them again and again. */
const steps: { readonly [what: string]: readonly number[] } = {
  "an hour back": [-HOUR_MS],
  "an hour ahead": [HOUR_MS],
  "to and fro by a day": [24 * HOUR_MS, -24 * HOUR_MS],
  "to 1970": [-Date.now()],
  "beyond 2038": [20 * 365.25 * 24 * HOUR_MS],
};

export const campaign: Campaign = {
  help: "steps of the wall clock during runs and between them",
  share: 1,
  async run(context: SoakContext) {
    const tally = new Tally();
    const preload: readonly Preload[] = ["tiny", "clock"];
    const train = (out: string, until: number, clock: readonly number[], ...more: readonly string[]) =>
      run(tinyTraining(out, until, ...more), { preload, env: { SOAK_CLOCK: clock.join(",") } });
    const undisturbed = join(context.folder, "undisturbed");
    await train(undisturbed, STEPS, [0]);
    const wanted = bitsOf(undisturbed);
    for (const [i, [what, clock]] of Object.entries(steps).entries()) {
      if (isOver(context) || (context.isShort && i > 0)) break;
      const out = join(context.folder, String(i));
      const first = await train(out, STEPS / 2, clock);
      const second = await run(["train", "--resume", "--out", out, "--max-steps", String(STEPS)], {
        preload,
        env: { SOAK_CLOCK: clock.map((ms) => -ms).join(",") },
      });
      const isRight = first.code === 0 && second.code === 0 && bitsOf(out) === wanted;
      const last = second.stderr.trim().split("\n").at(-1) ?? "";
      tally.check(
        what,
        isRight,
        isRight ? "resumed, same bits" : `exit codes ${first.code} and ${second.code} ${last}`,
      );
    }
    return tally.result();
  },
};
