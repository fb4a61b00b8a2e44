/**
 * The same work of two checkouts, two processes by turns, who begins changing from pair to pair, so that noise hits both
 * alike. Both are compiled: the player is build/bench/step-player.js of each, in every commit.
 */
import { join } from "node:path";
import { UsageError } from "../../src/util/errors.js";
import { Player } from "../measure/player.js";
import { median, quantile } from "../measure/stats.js";
import type { Table } from "../report/tables.js";
import { type StepWork, workName } from "./work.js";

/** A run, a recording, and what V8 compiles late. */
const WARM_UP = 6;

export interface PairRow {
  readonly work: StepWork;
  readonly pairs: number;
  readonly otherMs: number;
  readonly ownMs: number;
  /** other / own of each pair: above 1 the own checkout is faster. */
  readonly ratios: readonly number[];
}

export interface Checkouts {
  readonly own: string;
  readonly other: string;
}

/** Rejects as soon as `signal` fires. */
export async function playPairs(
  work: StepWork,
  { own, other }: Checkouts,
  pairs: number,
  signal?: AbortSignal,
): Promise<PairRow> {
  const players: Player[] = [];
  const stop = (): void => {
    for (const player of players) player.stop();
  };
  signal?.addEventListener("abort", stop);
  try {
    for (const checkout of [other, own]) {
      signal?.throwIfAborted();
      const program = join(checkout, "build", "bench", "step-player.js");
      const player = await Player.start(checkout, process.execPath, [program, JSON.stringify(work)]);
      if (typeof player === "string") throw new UsageError(`bench: ${checkout}: ${player}`);
      players.push(player);
    }
    const times: [number[], number[]] = [[], []];
    for (let pair = -WARM_UP; pair < pairs; pair++)
      for (const which of pair % 2 === 0 ? [0, 1] : [1, 0]) {
        signal?.throwIfAborted();
        const ms = await players[which]!.step();
        if (pair >= 0) times[which]!.push(ms);
      }
    const ratios = times[0].map((ms, i) => ms / times[1][i]!);
    return { work, pairs, otherMs: median(times[0]), ownMs: median(times[1]), ratios };
  } finally {
    signal?.removeEventListener("abort", stop);
    stop();
  }
}

const ratio = (value: number): string => value.toFixed(3);

export const pairsTable = (rows: readonly PairRow[], other: string): Table => ({
  head: ["step", "threads", "pairs", other, "this", "ratio, median", "quartiles", "range"],
  rows: rows.map(({ work, pairs, otherMs, ownMs, ratios }) => [
    ...[workName(work), String(work.threads), String(pairs), `${otherMs.toFixed(1)} ms`, `${ownMs.toFixed(1)} ms`],
    ...[ratio(median(ratios)), `${ratio(quantile(ratios, 0.25))} to ${ratio(quantile(ratios, 0.75))}`],
    `${ratio(Math.min(...ratios))} to ${ratio(Math.max(...ratios))}`,
  ]),
});
