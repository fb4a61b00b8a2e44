/** S0's training step on the processor by number of threads, each in a process of its own, by turns. */
import { availableParallelism } from "node:os";
import { measureSteps } from "../../../work/steps.js";
import type { Telling } from "../part.js";

const card = { imageSize: 224, batch: 32, rounds: { warmUp: 2, counted: 3 } };
const glance = { imageSize: 32, batch: 8, rounds: { warmUp: 2, counted: 3 } };

/** 1, 2, 4 … and all there are. */
function threadCounts(all: number): number[] {
  const counts: number[] = [];
  for (let count = 1; count < all; count *= 2) counts.push(count);
  return [...counts, all];
}

export async function run({ isQuick, row, hasTime, note }: Telling): Promise<void> {
  const { imageSize, batch, rounds } = isQuick ? glance : card;
  let slowest = Number.NaN;
  let lastMs = 0;
  // the most threads first, which is the figure that counts
  for (const threads of threadCounts(availableParallelism()).reverse()) {
    if (!hasTime(2.5 * lastMs)) {
      note(`No time was left for ${threads} threads and fewer.`);
      break;
    }
    const start = performance.now();
    const work = { form: "train", model: "mobileone_s0", imageSize, batch, training: "auto" } as const;
    const [found] = await measureSteps(work, { threads: [threads], rounds });
    lastMs = performance.now() - start;
    slowest = found!.medianMs;
    row("S0 train on wasm", {
      ...{ px: imageSize, batch, threads, "images/s": found!.imagesPerSecond, "step ms": found!.medianMs },
      thread·ms: threads * slowest,
    });
  }
}
