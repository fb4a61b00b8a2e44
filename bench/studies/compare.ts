/**
 * The same work on other engines, by turns in one run. Each peer is a player (player.ts) in a process of its own; one that
 * is not installed is left out with a line that says so (peers.ts).
 */
import { text } from "../../src/cli/options.js";
import { formatBytes } from "../../src/util/format.js";
import { afterwards, describeMachine, machineLine } from "../measure/machine.js";
import { type Player, type PlayerSummary, type Rounds, takeTurns } from "../measure/player.js";
import { median, spread } from "../measure/stats.js";
import {
  batchOption,
  imageSizeOption,
  integers,
  jsonOption,
  quickOption,
  saveOption,
  trainingOption,
} from "../options.js";
import { savePage } from "../report/results.js";
import { asLines, asMarkdown, duration, type Table } from "../report/tables.js";
import { defineStudy } from "../study.js";
import { peers } from "../work/peers.js";
import { type StepWork, workName } from "../work/work.js";

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
  ...["mobileone_s1", "mobileone_s2", "mobileone_s3", "mobileone_s4", "repvgg_a0", "resnet18"].map((model) => ({
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

export const study = defineStudy({
  name: "compare",
  help: "steps and deploy inference by turns with PyTorch, ONNX Runtime, tfjs and jax-js, as far as they are installed",
  options: {
    filter: text({ help: "only works whose name holds TEXT: s0, train, deploy, …" }),
    threads: integers({ help: "only works with these numbers of threads" }),
    imageSize: imageSizeOption,
    batch: batchOption,
    training: trainingOption,
    quick: quickOption,
    save: saveOption,
    json: jsonOption,
  },
  examples: ["compare --filter deploy", "compare --filter s0 --save compare"],
  async run(values, _, tell) {
    const machine = describeMachine();
    tell(machineLine(machine));
    const rows: CompareRow[] = [];
    for (const { work, rounds } of works) {
      if (values.threads && !values.threads.includes(work.threads)) continue;
      if (!workName(work).includes(values.filter ?? "")) continue;
      const sized = { ...work, imageSize: values.imageSize ?? work.imageSize, batch: values.batch ?? work.batch };
      const chosen = work.form === "train" ? { ...sized, training: values.training } : sized;
      const counted = values.quick ? Math.ceil(rounds.counted / 4) : rounds.counted;
      rows.push(...(await playWork(chosen, { ...rounds, counted }, tell)));
    }
    const when = afterwards(machine);
    const table = compareTable(rows);
    for (const line of ["", ...asLines(table)]) tell(line);
    if (values.json) process.stdout.write(`${JSON.stringify({ machine: when, rows })}\n`);
    if (values.save === undefined) return;
    const page = `# Against other engines\n\n${machineLine(when)}. By turns in one run, medians.\n\n${asMarkdown(table)}\n`;
    tell(`\nsaved ${savePage(values.save, { machine: when, rows }, page)}`);
  },
});
