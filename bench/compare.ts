/**
 * The same work on other engines, by turns in one run. Each peer is a player (player.ts) in a process of its own; one that
 * is not installed is left out with a line that says so. Peers are never dependencies of this package: bench/compare has a
 * package file of its own.
 */
import { join } from "node:path";
import { formatBytes } from "../src/util/format.js";
import type { Machine } from "./machine.js";
import { machineLine } from "./machine.js";
import type { BenchOptions } from "./options.js";
import { benchFolder, resultsFolder } from "./paths.js";
import { Player, type PlayerSummary, takeTurns } from "./player.js";
import { asLines, asMarkdown, duration, type Table } from "./report.js";
import { writeWhole } from "./results.js";
import { median, spread } from "./stats.js";
import { startOurs } from "./step.bench.js";
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

interface Peer {
  readonly engine: string;
  start(work: StepWork): Promise<Player | string>;
}

/** The first on the path may be another than Debian's, whose package has torch. */
const pythons = ["python3", "/usr/bin/python3"];

async function startPyTorch(work: StepWork): Promise<Player | string> {
  const args = [join(benchFolder, "compare", "mobileone_torch.py"), JSON.stringify(work)];
  let reason = "";
  for (const python of pythons) {
    const player = await Player.start(`PyTorch ${workName(work)}`, python, args);
    if (typeof player !== "string") return player;
    reason ||= player;
  }
  return reason;
}

const peers: readonly Peer[] = [
  { engine: "tensorone", start: (work) => startOurs(work) },
  { engine: "PyTorch (NCHW)", start: startPyTorch },
];

const works: readonly StepWork[] = [1, 2].map((threads) => ({
  ...{ form: "train", model: "mobileone_s0", imageSize: 224, batch: 32 },
  threads,
}));

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
async function playWork(work: StepWork, rounds: number, tell: (line: string) => void): Promise<CompareRow[]> {
  const playing: { readonly engine: string; readonly player: Player }[] = [];
  try {
    for (const { engine, start } of peers) {
      const player = await start(work);
      if (typeof player === "string") tell(`${engine} is left out: ${player}`);
      else playing.push({ engine, player });
    }
    const times = await takeTurns(
      playing.map(({ player }) => player),
      { warmUp: 1, counted: rounds },
    );
    const rows: CompareRow[] = [];
    for (const [i, { engine, player }] of playing.entries())
      rows.push(compareRow(work, engine, times[i]!, await player.end()));
    return rows;
  } finally {
    for (const { player } of playing) player.stop();
  }
}

/** The first row of each work is ours: the others are ratios to it. */
export function compareTable(rows: readonly CompareRow[]): Table {
  return {
    head: ["work", "threads", "engine", "images/s", "step", "spread", "peak resident", "tensorone is"],
    rows: rows.map((row) => {
      const ours = rows.find(({ work, threads }) => work === row.work && threads === row.threads)!;
      return [
        ...[row.work, String(row.threads), row.version ? `${row.engine} ${row.version}` : row.engine],
        ...[row.imagesPerSecond.toFixed(1), duration(row.medianMs), `±${(50 * row.spread).toFixed(0)} %`],
        ...[
          formatBytes(row.peakResidentBytes),
          ours === row ? "" : `${(row.medianMs / ours.medianMs).toFixed(2)}× as fast`,
        ],
      ];
    }),
  };
}

const ROUNDS = 3;

/** Plays all works, or the ones that the options choose; with --save also writes compare.json and compare.md. */
export async function compare(options: BenchOptions, machine: Machine, tell: (line: string) => void): Promise<void> {
  const rows: CompareRow[] = [];
  for (const work of works) {
    if (options.threads.length > 0 && !options.threads.includes(work.threads)) continue;
    const chosen = { ...work, imageSize: options.imageSize ?? work.imageSize, batch: options.batch ?? work.batch };
    rows.push(...(await playWork(chosen, options.isQuick ? 1 : ROUNDS, tell)));
  }
  const table = compareTable(rows);
  for (const line of ["", ...asLines(table)]) tell(line);
  if (options.isJson) process.stdout.write(`${JSON.stringify({ machine, rows })}\n`);
  if (options.save === undefined) return;
  const json = join(resultsFolder, `${options.save}.json`);
  writeWhole(json, `${JSON.stringify({ machine, rows }, null, 1)}\n`);
  writeWhole(
    join(resultsFolder, `${options.save}.md`),
    `# Against other engines\n\n${machineLine(machine)}. By turns in one run, medians.\n\n${asMarkdown(table)}\n`,
  );
  tell(`\nsaved ${json}`);
}
