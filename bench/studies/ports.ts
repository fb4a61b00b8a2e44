/**
 * Networks of examples/ by turns with torchvision's own in PyTorch and, forward, with ONNX Runtime for the web on the file that torch's
 * exporter writes of them. An engine that is not installed is left out with a line that says so.
 */
import { text } from "../../src/cli/options.js";
import { formatBytes } from "../../src/util/format.js";
import { afterwards, describeMachine, machineLine } from "../measure/machine.js";
import { type Player, type PlayerSummary, type Rounds, takeTurns } from "../measure/player.js";
import { median, spread } from "../measure/stats.js";
import { batchOption, dryOption, imageSizeOption, integers, jsonOption, quickOption } from "../options.js";
import { expectBuilt } from "../paths.js";
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
  /** Of ours: runs on the reference kernels, by op. */
  readonly fallbacks?: unknown;
}

const forms: readonly { readonly form: PortWork["form"]; readonly batch: number; readonly rounds: Rounds }[] = [
  { form: "deploy", batch: 1, rounds: { warmUp: 4, counted: 21 } },
  // the first two run step by step and record
  { form: "train", batch: 16, rounds: { warmUp: 2, counted: 3 } },
];

function portRow(work: PortWork, engine: string, times: readonly number[], summary: PlayerSummary): PortRow {
  return {
    ...work,
    engine,
    version: String(summary.version),
    medianMs: median(times),
    bestMs: Math.min(...times),
    spread: spread(times),
    samples: times.length,
    peakResidentBytes: summary.peakResidentBytes,
    ...(summary.fallbacks !== undefined && { fallbacks: summary.fallbacks }),
  };
}

/** One work on every engine that is here. */
async function playWork(work: PortWork, rounds: Rounds, tell: (line: string) => void): Promise<PortRow[]> {
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
      rows.push(portRow(work, engine, times[i]!, await player.end()));
    return rows;
  } finally {
    for (const { player } of playing) player.stop();
  }
}

/** Each row with how many times as fast our own is at that work, by medians and by the fastest samples. */
function portTable(rows: readonly PortRow[]): Table {
  return {
    head: ["network", "engine", "median", "fastest", "spread", "peak resident", "ours is", "by the fastest"],
    rows: rows.map((row) => {
      const own = rows.find((other) => other.engine === "tensorone" && portWorkName(other) === portWorkName(row));
      const times = (figure: "medianMs" | "bestMs"): string =>
        own === undefined || own === row ? "" : `${(row[figure] / own[figure]).toFixed(1)}× as fast`;
      return [
        ...[portWorkName(row), `${row.engine} ${row.version}`],
        ...[duration(row.medianMs), duration(row.bestMs), `±${(50 * row.spread).toFixed(0)} %`],
        ...[formatBytes(row.peakResidentBytes), times("medianMs"), times("bestMs")],
      ];
    }),
  };
}

export const study = defineStudy({
  name: "ports",
  help: "the networks of examples/ by turns with PyTorch and onnxruntime-web; writes bench/results/ports.md",
  options: {
    filter: text({ help: "only works whose name holds TEXT: vit_tiny, forward, …; the page is left as it is" }),
    threads: integers({ help: "numbers of threads; default: 2" }),
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
    for (const threads of values.threads ?? [2])
      for (const { form, batch, rounds } of forms)
        for (const model of portNames) {
          const work = { model, form, imageSize: values.imageSize ?? 224, batch: values.batch ?? batch, threads };
          if (!portWorkName(work).includes(values.filter ?? "")) continue;
          const counted = values.quick ? Math.ceil(rounds.counted / 4) : rounds.counted;
          const played = await playWork(work, { ...rounds, counted }, tell);
          for (const line of asLines(portTable(played))) tell(line);
          rows.push(...played);
        }
    const when = afterwards(machine);
    if (values.json) process.stdout.write(`${JSON.stringify({ machine: when, rows })}\n`);
    if (values.dry || values.filter !== undefined) return;
    const page = `# Networks of examples/ against other engines

${machineLine(when)}. By turns in one run, ${(values.threads ?? [2]).join(", ")} threads, images of ${values.imageSize ?? 224} pixels. A
training step is forward, backward and AdamW. onnxruntime-web runs the file that torch's own exporter writes of torchvision's network.
Where the spread is large, other jobs had the cores, and the fastest sample says more than the median.

${asMarkdown(portTable(rows))}
`;
    tell(`\nsaved ${savePage("ports", { machine: when, rows }, page)}`);
  },
});
