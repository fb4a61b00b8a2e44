/** Mutated files for every parser and decoder, each kind in processes of its own. */
import { join } from "node:path";
import { type Campaign, type Count, isOver, type SoakContext } from "../campaign.js";
import { HANG_MS } from "./messages.js";
import { subjects } from "./subjects/index.js";
import { type Watched, watched } from "./watch.js";

/** Of each kind, in a run that is short: the machinery works, and what was mended stays so. */
const SHORT_COUNT = 40;
const SHORT_MS = 5000;

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
    const { seed, parts, keep, folder, isShort, deadline, tell } = context;
    const names = Object.keys(subjects).filter(
      (name) => parts.length === 0 || parts.some((part) => name.includes(part)),
    );
    const counts: Count[] = [];
    const failures: string[] = [];
    for (const [i, name] of names.entries()) {
      if (isOver(context)) break;
      const ms = isShort ? SHORT_MS : (deadline - performance.now()) / (names.length - i);
      const count = isShort ? SHORT_COUNT : Number.MAX_SAFE_INTEGER;
      const order = {
        subject: name,
        seed: seed * 1000 + i,
        count,
        ms,
        isGuided: !isShort,
        folder: join(folder, `kind-${i}`),
        keep,
      };
      const found = await watched(order);
      const row = countOf(name, found);
      counts.push(row);
      tell(`  ${i + 1} of ${names.length}, ${name}: ${row.trials} files, ${row.failures} failures`);
      for (const [why, { times, file }] of found.faults)
        failures.push(`${name}: ${times} × ${why}${file && `, kept as ${file}`}`);
    }
    return { counts, failures };
  },
};
