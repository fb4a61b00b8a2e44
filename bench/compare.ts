/**
 * The same work on other engines, by turns in one run. Each peer is a player (player.ts) in a process of its own; one that
 * is not installed is left out with a line that says so (peers.ts).
 */
import { join } from "node:path";
import { formatBytes } from "../src/util/format.js";
import type { Machine } from "./machine.js";
import { afterwards, machineLine } from "./machine.js";
import type { BenchOptions } from "./options.js";
import { resultsFolder } from "./paths.js";
import { peers } from "./peers.js";
import { type Player, type PlayerSummary, type Rounds, takeTurns } from "./player.js";
import { asLines, asMarkdown, duration, type Table } from "./report.js";
import { writeWhole } from "./results.js";
import { median, spread } from "./stats.js";
import { type StepWork, workName } from "./work.js";

export interface CompareRow extends StepWork {
  readonly work: string;
  readonly engine: string;
  readonly version: string | null;
  readonly medianMs: number;
  readonly spread: number;
  readonly samples: number;
  readonly imagesPerSecond: number;
  readonly peakResidentBytes: number;
}

const s0 = { model: "mobileone_s0", imageSize: 224 } as const;

/** Each on every engine that knows it, and in how many rounds. */
const works: readonly { readonly work: StepWork; readonly rounds: Rounds }[] = [
  ...[1, 2].map((threads) => ({
    work: { ...s0, form: "train", batch: 32, threads } as const,
    rounds: { warmUp: 2, counted: 3 },
  })),
  ...[1, 2].map((threads) => ({
    work: { ...s0, form: "deploy", batch: 1, threads } as const,
    rounds: { warmUp: 20, counted: 60 },
  })),
  ...["mobileone_s1", "mobileone_s2", "mobileone_s3", "mobileone_s4"].map((model) => ({
    work: { model, imageSize: 224, form: "train", batch: 32, threads: 2 } as const,
    rounds: { warmUp: 2, counted: 3 },
  })),
];

function compareRow(work: StepWork, engine: string, times: readonly number[], summary: PlayerSummary): CompareRow {
  const medianMs = median(times);
  return {
    ...work,
    work: workName(work),
    engine,
    version: typeof summary.version === "string" ? summary.version : null,
    medianMs,
    spread: spread(times),
    samples: times.length,
    imagesPerSecond: (1000 * work.batch) / medianMs,
    peakResidentBytes: summary.peakResidentBytes,
  };
}

/** One work on every engine that is here. */
async function playWork(work: StepWork, rounds: Rounds, tell: (line: string) => void): Promise<CompareRow[]> {
  const playing: { readonly engine: string; readonly player: Player }[] = [];
  try {
    for (const { engine, forms, start } of peers) {
      if (!forms.includes(work.form)) continue;
      const player = await start(work);
      if (typeof player === "string") tell(`${engine} is left out: ${player}`);
      else playing.push({ engine, player });
    }
    const times = await takeTurns(
      playing.map(({ player }) => player),
      rounds,
    );
    const rows: CompareRow[] = [];
    for (const [i, { engine, player }] of playing.entries())
      rows.push(compareRow(work, engine, times[i]!, await player.end()));
    return rows;
  } finally {
    for (const { player } of playing) player.stop();
  }
}

const isSameWork = (a: CompareRow, b: CompareRow): boolean => a.work === b.work && a.threads === b.threads;

/** Each row with how many times as fast our own two are at that work. */
export function compareTable(rows: readonly CompareRow[]): Table {
  return {
    head: ["work", "threads", "engine", "images/s", "step", "spread", "peak resident", "ours is", "turbo is"],
    rows: rows.map((row) => {
      const ratioOf = (engine: string): string => {
        const own = rows.find((other) => other.engine === engine && isSameWork(other, row));
        return own === undefined || own === row ? "" : `${(row.medianMs / own.medianMs).toFixed(2)}× as fast`;
      };
      return [
        ...[row.work, String(row.threads), row.version ? `${row.engine} ${row.version}` : row.engine],
        ...[row.imagesPerSecond.toFixed(1), duration(row.medianMs), `±${(50 * row.spread).toFixed(0)} %`],
        ...[formatBytes(row.peakResidentBytes), ratioOf("tensorone"), ratioOf("tensorone turbo")],
      ];
    }),
  };
}

/** Plays all works, or the ones that the options choose; with --save also writes compare.json and compare.md. */
export async function compare(
  options: BenchOptions,
  machine: Machine,
  tell: (line: string) => void,
): Promise<{ readonly machine: Machine; readonly rows: readonly CompareRow[] }> {
  const rows: CompareRow[] = [];
  for (const { work, rounds } of works) {
    if (options.threads.length > 0 && !options.threads.includes(work.threads)) continue;
    if (!workName(work).includes(options.filter)) continue;
    const chosen = {
      ...work,
      imageSize: options.imageSize ?? work.imageSize,
      batch: options.batch ?? work.batch,
      training: options.training,
    };
    rows.push(
      ...(await playWork(
        chosen,
        { ...rounds, counted: options.isQuick ? Math.ceil(rounds.counted / 4) : rounds.counted },
        tell,
      )),
    );
  }
  const when = afterwards(machine);
  const table = compareTable(rows);
  for (const line of ["", ...asLines(table)]) tell(line);
  const compared = { machine: when, rows };
  if (options.save === undefined) return compared;
  const json = join(resultsFolder, `${options.save}.json`);
  writeWhole(json, `${JSON.stringify({ machine: when, rows }, null, 1)}\n`);
  writeWhole(
    join(resultsFolder, `${options.save}.md`),
    `# Against other engines\n\n${machineLine(when)}. By turns in one run, medians.\n\n${asMarkdown(table)}\n`,
  );
  tell(`\nsaved ${json}`);
  return compared;
}
