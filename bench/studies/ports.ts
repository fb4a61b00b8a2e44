/**
 * Networks of examples/ by turns with torchvision's own in PyTorch and, forward, with ONNX Runtime for the web on the file that torch's
 * exporter writes of them. An engine that is not installed is left out with a line that says so.
 */
import { existsSync, readFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { integer, text } from "../../src/cli/options.js";
import { formatBytes } from "../../src/util/format.js";
import { afterwards, describeMachine, type Machine, machineLine } from "../measure/machine.js";
import { type Player, type PlayerSummary, type Rounds, takeTurns } from "../measure/player.js";
import { median, spread } from "../measure/stats.js";
import { batchOption, dryOption, imageSizeOption, jsonOption, quickOption } from "../options.js";
import { expectBuilt, resultsFolder } from "../paths.js";
import { savePage } from "../report/results.js";
import { asLines, asMarkdown, duration, type Table } from "../report/tables.js";
import { defineStudy } from "../study.js";
import { type PortWork, portNames, portPeers, portWorkName } from "../work/ports.js";

interface PortRow extends PortWork {
  readonly engine: string;
  readonly version: string;
  readonly medianMs: number;
  readonly bestMs: number;
  readonly spread: number;
  readonly samples: number;
  readonly peakResidentBytes: number;
  /** How many wanted the cores when it began. */
  readonly load: number;
  /** Of ours: runs on the reference kernels, by op. */
  readonly fallbacks?: unknown;
}

const forms: readonly { readonly form: PortWork["form"]; readonly batch: number; readonly rounds: Rounds }[] = [
  { form: "deploy", batch: 1, rounds: { warmUp: 4, counted: 21 } },
  // the first two run step by step and record
  { form: "train", batch: 16, rounds: { warmUp: 2, counted: 3 } },
];

/** Of a page: networks as they are listed, forward first. */
const order = ({ form, model }: PortWork): number =>
  portNames.length * forms.findIndex((one) => one.form === form) + portNames.indexOf(model);

function portRow(
  work: PortWork,
  engine: string,
  times: readonly number[],
  load: number,
  summary: PlayerSummary,
): PortRow {
  return {
    ...work,
    engine,
    version: String(summary.version),
    medianMs: median(times),
    bestMs: Math.min(...times),
    spread: spread(times),
    samples: times.length,
    peakResidentBytes: summary.peakResidentBytes,
    load,
    ...(summary.fallbacks !== undefined && { fallbacks: summary.fallbacks }),
  };
}

/** One work on every engine that is here. */
async function playWork(work: PortWork, rounds: Rounds, tell: (line: string) => void): Promise<PortRow[]> {
  const load = loadavg()[0]!;
  const playing: { readonly engine: string; readonly player: Player }[] = [];
  try {
    for (const { engine, start } of portPeers.filter((peer) => peer.forms.includes(work.form))) {
      const player = await start(work);
      if (typeof player === "string") tell(`${engine} is left out: ${player}`);
      else playing.push({ engine, player });
    }
    const players = playing.map(({ player }) => player);
    const times = await takeTurns(players, rounds);
    const rows: PortRow[] = [];
    for (const [i, { engine, player }] of playing.entries())
      rows.push(portRow(work, engine, times[i]!, load, await player.end()));
    return rows;
  } finally {
    for (const { player } of playing) player.stop();
  }
}

/** Rows of the page for works that are not measured now. */
function earlier(measured: readonly PortRow[]): PortRow[] {
  const path = join(resultsFolder, "ports.json");
  if (!existsSync(path)) return [];
  const { rows } = JSON.parse(readFileSync(path, "utf8")) as { readonly rows: readonly PortRow[] };
  return rows.filter((row) => !measured.some((other) => portWorkName(other) === portWorkName(row)));
}

/** Each row with how many times as fast our own is at that work, by medians and by the fastest samples. */
function portTable(rows: readonly PortRow[]): Table {
  return {
    head: [
      "network",
      "engine",
      "median",
      "fastest",
      "spread",
      "samples",
      "load",
      "peak resident",
      "ours is",
      "by the fastest",
    ],
    rows: rows.map((row) => {
      const own = rows.find((other) => other.engine === "tensorone" && portWorkName(other) === portWorkName(row));
      const times = (figure: "medianMs" | "bestMs"): string =>
        own === undefined || own === row ? "" : `${(row[figure] / own[figure]).toFixed(1)}× as fast`;
      return [
        ...[portWorkName(row), `${row.engine} ${row.version}`],
        ...[duration(row.medianMs), duration(row.bestMs), `±${(50 * row.spread).toFixed(0)} %`],
        ...[String(row.samples), row.load.toFixed(1)],
        ...[formatBytes(row.peakResidentBytes), times("medianMs"), times("bestMs")],
      ];
    }),
  };
}

/** Writes the page, with the rows that it had for other works. */
function savePort(machine: Machine, measured: readonly PortRow[]): string {
  const rows = [...measured, ...earlier(measured)].sort((a, b) => order(a) - order(b));
  const page = `# Networks of examples/ against other engines

${machineLine(afterwards(machine))}. Each row by turns with the others of its network; rows may be of several runs. Images of ${rows[0]!.imageSize} pixels, ${rows[0]!.threads} threads. A training step is
forward, backward and AdamW. onnxruntime-web runs the file that torch's own exporter writes of torchvision's network. "Load" is how many
programs wanted the cores when a work began: beyond a few, the fastest sample says more than the median, and PyTorch's threads, which wait by
spinning, lose more than others.

${asMarkdown(portTable(rows))}
`;
  return savePage("ports", { machine: afterwards(machine), rows }, page);
}

export const study = defineStudy({
  name: "ports",
  help: "the networks of examples/ by turns with PyTorch and onnxruntime-web; writes bench/results/ports.md",
  options: {
    filter: text({ help: "only works whose name holds TEXT: vit_tiny, forward, …; the page keeps its other rows" }),
    threads: integer({ help: "of each engine; default: 2" }),
    imageSize: imageSizeOption,
    batch: batchOption,
    quick: quickOption,
    dry: dryOption,
    json: jsonOption,
  },
  examples: ["ports --filter forward", "ports --quick --dry"],
  async run(values, _, tell) {
    expectBuilt();
    const machine = describeMachine();
    tell(machineLine(machine));
    const rows: PortRow[] = [];
    const { threads = 2 } = values;
    for (const { form, batch, rounds } of forms)
      for (const model of portNames) {
        const work = { model, form, imageSize: values.imageSize ?? 224, batch: values.batch ?? batch, threads };
        if (!portWorkName(work).includes(values.filter ?? "")) continue;
        const counted = values.quick ? Math.ceil(rounds.counted / 4) : rounds.counted;
        const played = await playWork(work, { ...rounds, counted }, tell);
        for (const line of asLines(portTable(played))) tell(line);
        rows.push(...played);
        if (!values.dry) tell(`saved ${savePort(machine, rows)}`);
      }
    if (values.json) process.stdout.write(`${JSON.stringify({ machine: afterwards(machine), rows })}\n`);
  },
});
