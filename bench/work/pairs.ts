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

/** Pairs that do not count: a run, a recording, and what V8 compiles late, which short answers reach after hundreds. */
const WARM_UP = 6;
const WARM_UP_MS = 1000;
/** A turn lasts at least so long: one answer of 10 ms, right after another process had the core, times its caches. */
const TURN_MS = 200;

export interface PairRow {
  readonly work: StepWork;
  readonly pairs: number;
  readonly otherMs: number;
  readonly ownMs: number;
  /** other / own of each pair, each the median of a turn: above 1 the own checkout is faster. */
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
    const playTurn = async (player: Player): Promise<number> => {
      const ms: number[] = [];
      for (let total = 0; total < TURN_MS; total += ms.at(-1)!) {
        signal?.throwIfAborted();
        ms.push(await player.step());
      }
      return median(ms);
    };
    const playPair = async (pair: number): Promise<[number, number]> => {
      const ms: [number, number] = [0, 0];
      for (const which of pair % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const))
        ms[which] = await playTurn(players[which]!);
      return ms;
    };
    const warmEnd = performance.now() + WARM_UP_MS;
    for (let pair = 0; pair < WARM_UP || performance.now() < warmEnd; pair++) await playPair(pair);
    const times: [number[], number[]] = [[], []];
    for (let pair = 0; pair < pairs; pair++)
      for (const [which, ms] of (await playPair(pair)).entries()) times[which]!.push(ms);
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
