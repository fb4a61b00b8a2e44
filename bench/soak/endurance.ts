/** Predictions in one process, and its memory: flat after the first tenth. */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type Campaign, type SoakContext, Tally } from "./campaign.js";

/** What the issue asks for (docs/faults.md, "Campaigns"). */
const PREDICTIONS = 100_000;
const SHORT_PREDICTIONS = 500;
/** Growth after the first tenth, of a whole run. A short one has hardly warmed up. */
export const MOST_GROWTH = 0.05;
export const SHORT_GROWTH = 0.3;

/** What a process tells at its end: resident bytes by what was done until then. */
export interface Residence {
  readonly done: number;
  readonly rss: readonly (readonly [done: number, bytes: number])[];
}

/** What the process that predicts is told, and what it tells. */
export interface EnduranceOrder {
  readonly count: number;
  readonly ms: number;
}
export interface EnduranceReport extends Residence {
  readonly refused: number;
}

/** Starts a module of this folder, which may ask for garbage to be collected, with its order. */
export function measured<Report extends Residence>(module: string, order: object): Promise<Report> {
  const child = fork(fileURLToPath(new URL(`./${module}.js`, import.meta.url)), [JSON.stringify(order)], {
    execArgv: ["--expose-gc"],
  });
  return new Promise((resolve, reject) => {
    let found: Report | null = null;
    child.on("message", (message: Report) => {
      found = message;
    });
    child.on("close", (code) =>
      found ? resolve(found) : reject(new Error(`${module}: the process ended with ${code}`)),
    );
  });
}

/** The largest resident size after the first tenth, as a share of that at the first tenth, less one. */
export function growthOf(rss: Residence["rss"], done: number): number {
  const [first, ...later] = rss.filter(([at]) => at >= done / 10).map(([, bytes]) => bytes);
  return first === undefined ? Number.NaN : Math.max(first, ...later) / first - 1;
}

export const campaign: Campaign = {
  help: "100,000 predictions in one process: memory flat within 5 % after the first tenth",
  share: 3,
  async run({ deadline, isShort }: SoakContext) {
    const tally = new Tally();
    const count = isShort ? SHORT_PREDICTIONS : PREDICTIONS;
    const { done, refused, rss } = await measured<EnduranceReport>("endurance-child", {
      ...({ count, ms: deadline - performance.now() } satisfies EnduranceOrder),
    });
    const growth = growthOf(rss, done);
    const isFlat = growth <= (isShort ? SHORT_GROWTH : MOST_GROWTH);
    const last = rss.at(-1)?.[1] ?? 0;
    const note = `resident ${(last / 1e6).toFixed(0)} MB at the end, growth ${(100 * growth).toFixed(1)} % after the first tenth; ${refused} of them damaged pictures that were refused`;
    tally.counts.push({ what: "predictions", trials: done, failures: isFlat ? 0 : 1, note });
    if (!isFlat) tally.failures.push(`predictions: ${note}`);
    return tally.result();
  },
};
