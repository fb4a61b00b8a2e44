/** Mutated files for every parser and decoder, each kind in processes of its own. */
import { join } from "node:path";
import { type Campaign, type Count, isOver, type SoakContext } from "../campaign.js";
import { HANG_MS } from "./messages.js";
import { subjects } from "./subjects/index.js";
import { type Watched, watched } from "./watch.js";

/** Of each kind, in a run that is short: the machinery works, and what was mended stays so. */
const SHORT_COUNT = 40;
const SHORT_MS = 5000;

/** Seeds of kinds of files, and of their processes, lie between those of two runs. */
const SEED_STEP = 1000;

/** Faults of every kind. */
const failuresOf = ({ faults }: Watched): number => [...faults.values()].reduce((sum, { times }) => sum + times, 0);

function countOf(name: string, found: Watched): Count {
  const { tried, taken, refused, aborts, hangs, unrepeated, peakBytes, slowestMs, corpus, covered } = found;
  const ends = [
    `${aborts} aborts, ${hangs} over ${HANG_MS / 1000} s`,
    ...(unrepeated > 0 ? [`${unrepeated} ends not repeated`] : []),
  ];
  const note = [
    `taken ${taken}, refused ${refused}`,
    ...ends,
    `peak ${(peakBytes / 1e6).toFixed(0)} MB, slowest ${slowestMs.toFixed(0)} ms`,
    `made of ${corpus}, ${covered} blocks`,
  ];
  return { what: name, trials: tried, failures: failuresOf(found), note: note.join("; ") };
}

export const campaign: Campaign = {
  help: "mutated files for every parser and decoder, guided by coverage",
  share: 12,
  async run(context: SoakContext) {
    const { seed, parts, keep, folder, isShort, jobs, deadline, tell } = context;
    const names = Object.keys(subjects).filter(
      (name) => parts.length === 0 || parts.some((part) => name.includes(part)),
    );
    const rows = new Map<string, { readonly count: Count; readonly failures: readonly string[] }>();
    const waiting = [...names.entries()];
    const readNext = async (): Promise<void> => {
      for (let next = waiting.shift(); next && !isOver(context); next = waiting.shift()) {
        const [i, name] = next;
        // a fair share of what is left, for those that wait and this one
        const ms = isShort ? SHORT_MS : ((deadline - performance.now()) * jobs) / Math.max(jobs, waiting.length + 1);
        const found = await watched({
          ...{ subject: name, seed: seed * SEED_STEP + i, count: isShort ? SHORT_COUNT : Number.MAX_SAFE_INTEGER, ms },
          ...{ isGuided: !isShort, folder: join(folder, `kind-${i}`), keep },
        });
        const count = countOf(name, found);
        const failures = [...found.faults].map(
          ([why, { times, file }]) => `${name}: ${times} × ${why}${file && `, kept as ${file}`}`,
        );
        rows.set(name, { count, failures });
        tell(`  ${rows.size} of ${names.length}, ${name}: ${count.trials} files, ${count.failures} failures`);
      }
    };
    await Promise.all(Array.from({ length: jobs }, readNext));
    const found = names.flatMap((name) => rows.get(name) ?? []);
    return { counts: found.map(({ count }) => count), failures: found.flatMap(({ failures }) => failures) };
  },
};
