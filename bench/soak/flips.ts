/** Flipped bits (flip-bits.ts) as a campaign: it ends when every flip is done, or with its time. */
import { join } from "node:path";
import { type Campaign, isOver, type SoakContext } from "./campaign.js";
import { flipBits } from "./flip-bits.js";

/** Enough of each kind to be one. */
const SHORT = { jsonFlips: 100, flips: 60, commands: 3 };

export const campaign: Campaign = {
  help: "single bits flipped in checkpoints, model files and shards, each noticed on loading",
  share: 3,
  async run(context: SoakContext) {
    const { folder, seed, isShort, tell } = context;
    const isDone = () => !isShort && isOver(context);
    const asked = { folder: join(folder, "flips"), seed, isDone, ...(isShort && SHORT) };
    const { counts, failures } = await flipBits({ ...asked, tell: (what) => tell(`${what}: done`) });
    return {
      counts: counts.map(({ what, flips, noticed, fileNamed, inEntries, entryNamed }) => ({
        ...{ what, trials: flips, failures: failures.filter((line) => line.startsWith(`${what}, `)).length },
        note: `${noticed} noticed, ${fileNamed} with the file's name${inEntries > 0 ? `, ${entryNamed} of ${inEntries} in entries with the entry's` : ""}`,
      })),
      failures,
    };
  },
};
