/** A long training run in one process, and its memory: flat after the first tenth, whatever it saves on the way. */
import type { Campaign, SoakContext } from "./campaign.js";
import { Tally } from "./campaign.js";
import { growthOf, MOST_GROWTH, measured, type Residence, SHORT_GROWTH } from "./endurance.js";

/** What the issue asks for (docs/faults.md, "Campaigns"). */
const whole = { steps: 100_000, saveEvery: 1000, pictures: 4000, lookEvery: 500 };
/** Epochs of several checkpoints, as in a whole one. */
const short = { steps: 400, saveEvery: 20, pictures: 80, lookEvery: 20 };

/** What the process is told. */
export interface TrainingOrder {
  readonly steps: number;
  readonly saveEvery: number;
  /** Of training; a fortieth as many are validated with. */
  readonly pictures: number;
  /** Steps between two looks at the resident size. */
  readonly lookEvery: number;
  readonly ms: number;
  /** An empty folder. */
  readonly folder: string;
}

export interface TrainingReport extends Residence {
  readonly checkpoints: number;
  readonly validations: number;
}

export const campaign: Campaign = {
  help: "100,000 training steps at 32 px in one process, a checkpoint every 1,000: memory flat within 5 % after the first tenth",
  share: 4,
  async run({ deadline, isShort, folder }: SoakContext) {
    const tally = new Tally();
    const order: TrainingOrder = { ...(isShort ? short : whole), folder, ms: deadline - performance.now() };
    const { done, rss, checkpoints, validations } = await measured<TrainingReport>("endurance-training-child", order);
    const growth = growthOf(rss, done);
    const isSaved = checkpoints >= Math.floor(done / order.saveEvery);
    const isRight = growth <= (isShort ? SHORT_GROWTH : MOST_GROWTH) && isSaved;
    const last = rss.at(-1)?.[1] ?? 0;
    const note = `${checkpoints} checkpoints and ${validations} validations; resident ${(last / 1e6).toFixed(0)} MB at the end, growth ${(100 * growth).toFixed(1)} % after the first tenth`;
    tally.counts.push({ what: "training steps", trials: done, failures: isRight ? 0 : 1, note });
    if (!isRight) tally.failures.push(`training steps: ${note}`);
    return tally.result();
  },
};
