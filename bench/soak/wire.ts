/**
 * What strangers and broken wires do to ranks: floods of silent connections beside honest ones at the meeting point, and a proxy that
 * flips, drops, repeats or reorders what two ranks say.
 */
import { type Campaign, isOver, type SoakContext, Tally } from "./campaign.js";
import { floodRendezvous } from "./flood-rendezvous.js";
import { wireFaultKinds, wireFaults } from "./wire-faults.js";

/** What the issue asks for: all have met within a minute. */
const FLOOD = { honest: 1023, strangers: 1000 };
const SHORT_FLOOD = { honest: 32, strangers: 32 };
const MOST_SECONDS = 60;
const FAULTS = 200;
const SHORT_FAULTS = 8;
/** Between two looks at the time. */
const BATCH = 20;

async function flooded({ isShort }: SoakContext, tally: Tally): Promise<void> {
  const flood = isShort ? SHORT_FLOOD : FLOOD;
  const what = `${flood.honest + 1} ranks meet beside ${flood.strangers} silent strangers`;
  try {
    const { met, problems, shownOut, seconds } = await floodRendezvous(flood);
    const note = `${met} of ${flood.honest} met rank 0 in ${seconds.toFixed(1)} s, ${shownOut} strangers shown out`;
    const isRight = met === flood.honest && problems.length === 0 && seconds < MOST_SECONDS;
    tally.check(what, isRight, problems.length === 0 ? note : `${note}; ${problems.join("; ")}`);
  } catch (error) {
    // fewer open files than connections
    tally.skipped.push(`${what}: ${(error as Error).message.split("\n")[0]}`);
  }
}

export const campaign: Campaign = {
  help: "floods at the meeting point, and messages flipped, dropped, repeated or reordered between ranks",
  share: 2,
  async run(context: SoakContext) {
    const tally = new Tally();
    await flooded(context, tally);
    const most = context.isShort ? SHORT_FAULTS : FAULTS;
    let slowest = 0;
    const tried = new Map<string, number>();
    const failures: string[] = [];
    for (let done = 0; done < most && !isOver(context); done += BATCH) {
      const trials = Math.min(BATCH, most - done);
      const found = await wireFaults({ trials, seed: context.seed + done });
      for (const kind of wireFaultKinds) tried.set(kind, (tried.get(kind) ?? 0) + found.tried[kind]);
      failures.push(...found.failures);
      slowest = Math.max(slowest, found.slowestMs);
    }
    for (const kind of wireFaultKinds) {
      const failed = failures.filter((line) => line.startsWith(kind)).length;
      const note = `noticed within the step; slowest of all kinds ${slowest.toFixed(0)} ms`;
      tally.counts.push({ what: `messages: ${kind}`, trials: tried.get(kind) ?? 0, failures: failed, note });
    }
    tally.failures.push(...failures);
    return tally.result();
  },
};
