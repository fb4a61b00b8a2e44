/**
 * The whole network: training steps and deploy inference of MobileOne-S0, each in a process of its own, threads 1 and 2 by
 * turns. Speed, its spread, and memory.
 */
import { join } from "node:path";
import { BackendError } from "../../src/util/errors.js";
import { type Player, type Rounds, Player as StepPlayer, takeTurns } from "../measure/player.js";
import { median, spread } from "../measure/stats.js";
import { repositoryRoot } from "../paths.js";
import type { StepSummary } from "../step-player.js";
import { type StepWork, workName } from "./work.js";

export interface StepRow extends StepWork, StepSummary {
  readonly name: string;
  readonly medianMs: number;
  readonly spread: number;
  readonly samples: number;
  readonly imagesPerSecond: number;
}

/** The compiled player; bench/ is always run compiled, but for its tests. */
const playerFile = join(repositoryRoot, "build", "bench", "step-player.js");

/** A process of our own that plays `work`, on this Node or on that of another binary; a string says why it cannot. */
export function startOurs(
  work: StepWork,
  { isProfiled = false, node = process.execPath } = {},
): Promise<Player | string> {
  const args = [playerFile, JSON.stringify(work), ...(isProfiled ? ["profile"] : [])];
  return StepPlayer.start(`tensorone ${workName(work)}`, node, args);
}

/** The numbers of one player after its turns. */
export function stepRow(work: StepWork, times: readonly number[], summary: StepSummary): StepRow {
  const medianMs = median(times);
  return {
    name: workName(work),
    ...work,
    medianMs,
    spread: spread(times),
    samples: times.length,
    imagesPerSecond: (1000 * work.batch) / medianMs,
    ...summary,
  };
}

export interface StepOptions {
  readonly threads: readonly number[];
  readonly rounds: Rounds;
  readonly isProfiled?: boolean;
}

/** Measures one work for each number of threads, by turns. */
export async function measureSteps(
  work: Omit<StepWork, "threads">,
  { threads, rounds, isProfiled = false }: StepOptions,
): Promise<StepRow[]> {
  const works = threads.map((count): StepWork => ({ ...work, threads: count }));
  const players: Player[] = [];
  try {
    for (const one of works) {
      const player = await startOurs(one, { isProfiled });
      if (typeof player === "string") throw new BackendError(`bench: ${player}`);
      players.push(player);
    }
    const times = await takeTurns(players, rounds);
    const rows: StepRow[] = [];
    for (const [i, one] of works.entries())
      rows.push(stepRow(one, times[i]!, (await players[i]!.end()) as unknown as StepSummary));
    return rows;
  } finally {
    for (const player of players) player.stop();
  }
}

const s0 = { model: "mobileone_s0", form: "train", batch: 32 } as const;

/** What is measured when nobody asks for anything else, and in how many rounds: two warm-up steps at least, a run and a recording. */
export const defaultWorks: readonly { readonly work: Omit<StepWork, "threads">; readonly rounds: Rounds }[] = [
  { work: { ...s0, imageSize: 32 }, rounds: { warmUp: 3, counted: 15 } },
  { work: { ...s0, imageSize: 32, isEager: true }, rounds: { warmUp: 2, counted: 9 } },
  { work: { ...s0, imageSize: 224 }, rounds: { warmUp: 2, counted: 3 } },
  { work: { ...s0, form: "deploy", imageSize: 224, batch: 1 }, rounds: { warmUp: 5, counted: 25 } },
];
