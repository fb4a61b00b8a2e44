/** Bit flips in every file that proves itself (flip-bits.ts): all noticed on loading, file and entry named. */
import { join } from "node:path";
import { type Campaign, type SoakContext, Tally } from "./campaign.js";
import { flipBits } from "./flip-bits.js";

/** What is not every bit of a checkpoint's JSON and 10,000 of each other file. */
const SHORT = { jsonFlips: 100, flips: 50, commands: 1 };

export const campaign: Campaign = {
  help: "every bit of a checkpoint's JSON flipped, and 10,000 of tensors, model file and shards",
  share: 2,
  async run({ folder, seed, isShort, tell }: SoakContext) {
    const tally = new Tally();
    const found = await flipBits({
      ...{ folder: join(folder, "files"), seed, ...(isShort && SHORT) },
      tell: (line) => tell(`  flipped: ${line}`),
    });
    for (const { what, flips, noticed, fileNamed, inEntries, entryNamed } of found.counts) {
      const failures = flips - Math.min(noticed, fileNamed) + (inEntries - entryNamed);
      const note = `${noticed} noticed, the file named by ${fileNamed}, the entry by ${entryNamed} of ${inEntries}`;
      tally.counts.push({ what, trials: flips, failures, note });
    }
    tally.failures.push(...found.failures);
    return tally.result();
  },
};
