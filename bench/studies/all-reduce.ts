/**
 * Sums of 21 MB over ranks on this machine, as every step of an S0 training takes one: sockets and MPI, 2 and 4 ranks.
 * Needs a quiet machine, and mpirun for its rows. Each rank is this study again, with --rank.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "../../src/cli/options.js";
import { joinProcessGroup } from "../../src/distributed/join.js";
import { launchLocal } from "../../src/distributed/launch.js";
import { replicaShare, subtreesOf } from "../../src/train/replicas/replica-tree.js";
import { UsageError } from "../../src/util/errors.js";
import { afterwards, describeMachine, machineLine } from "../measure/machine.js";
import { median, quantile, spread } from "../measure/stats.js";
import { resultsFolder } from "../paths.js";
import { savePage } from "../report/results.js";
import { asLines, asMarkdown, type Table } from "../report/tables.js";
import { defineStudy, type Tell } from "../study.js";
import type { CompareRow } from "./compare.js";

/** Parameters of MobileOne-S0 in training form, about: 21 MB of float32 gradients. */
const LENGTH = 5_250_000;
const WARM_UP = 5;
const ROUNDS = 30;
const limits: Readonly<Record<string, number>> = { "sockets 2": 35, "mpi 2": 8 };

interface Sample {
  /** With its version. */
  readonly transport: string;
  readonly ranks: number;
  readonly times: readonly number[];
}

/** One S0 step of a rank with 32 images and one thread, as compare.ts saved it. */
function stepMs(): number {
  const { rows } = JSON.parse(readFileSync(join(resultsFolder, "compare.json"), "utf8")) as { rows: CompareRow[] };
  const row = rows.find(
    ({ engine, model, form, threads }) =>
      engine === "tensorone" && model === "mobileone_s0" && form === "train" && threads === 1,
  );
  if (!row)
    throw new UsageError("bench: compare.json has no S0 step of one thread", "npm run bench -- compare --save compare");
  return row.medianMs;
}

/** What every rank runs: the slowest rank's time of each round. */
async function measure(file: string): Promise<void> {
  const group = await joinProcessGroup({ transport: "auto" }, process.env);
  const { rank, worldSize } = group;
  const share = replicaShare(worldSize, worldSize, rank);
  // as the engine's arena holds them
  const memory = new SharedArrayBuffer(2 * 4 * LENGTH);
  const part = new Float32Array(memory, 0, LENGTH).map((_, i) => Math.fround(1 / (1 + rank + (i % 1000))));
  const shared = new Float32Array(memory, 0, LENGTH);
  shared.set(part);
  const into = new Float32Array(memory, 4 * LENGTH, LENGTH);
  const parts = subtreesOf(share, worldSize).map(() => shared);
  const times: number[] = [];
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    await group.barrier();
    const begin = performance.now();
    await group.sumReplicas(parts, worldSize, into);
    const ms = Float64Array.of(performance.now() - begin);
    await group.allReduce(ms, "max");
    if (round >= 0) times.push(ms[0]!);
  }
  if (rank === 0)
    writeFileSync(file, JSON.stringify({ transport: group.transport, ranks: worldSize, times } satisfies Sample));
  await group.close();
}

/** Words after node that start a rank which writes its sample to `file`. */
const rankWords = (file: string): string[] => [process.argv[1]!, study.name, "--rank", file];

async function overSockets(ranks: number, file: string): Promise<void> {
  const command = () => rankWords(file);
  const { exitCode } = await launchLocal({ nproc: ranks, command, print: console.error }, process.env);
  if (exitCode !== 0) throw new UsageError(`bench: ${ranks} ranks over sockets ended with ${exitCode}`);
}

async function overMpi(ranks: number, file: string): Promise<void> {
  const flags = ["--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "-n", String(ranks)];
  const done = spawnSync("mpirun", [...flags, process.execPath, ...rankWords(file)], { stdio: "inherit" });
  if (done.status !== 0) throw new UsageError(`bench: mpirun ended with ${done.status ?? done.error?.message}`);
}

const transports = { sockets: overSockets, mpi: overMpi } as const;
type Kind = keyof typeof transports;
const kinds = Object.keys(transports) as Kind[];

type Row = Sample & { readonly kind: Kind };

function tableOf(samples: readonly Row[], oneStepMs: number): Table {
  return {
    head: ["transport", "ranks", "median ms", "best ms", "spread", "wanted", "of a step"],
    rows: samples.map(({ kind, transport, ranks, times }) => {
      const ms = median(times);
      const limit = limits[`${kind} ${ranks}`];
      return [
        ...[transport, String(ranks), ms.toFixed(1), quantile(times, 0).toFixed(1)],
        ...[`${(100 * spread(times)).toFixed(0)} %`, limit === undefined ? "" : `≤ ${limit}`],
        `${((100 * ms) / oneStepMs).toFixed(2)} %`,
      ];
    }),
  };
}

async function measureAll(note: string | undefined, tell: Tell): Promise<void> {
  const machine = describeMachine();
  const oneStepMs = stepMs();
  const folder = mkdtempSync(join(tmpdir(), "all-reduce-"));
  const samples: Row[] = [];
  try {
    for (const kind of kinds)
      for (const ranks of [2, 4]) {
        const file = join(folder, `${kind}-${ranks}.json`);
        await transports[kind](ranks, file);
        samples.push({ kind, ...(JSON.parse(readFileSync(file, "utf8")) as Sample) });
        tell(asLines(tableOf(samples, oneStepMs)).at(-1)!);
      }
  } finally {
    rmSync(folder, { recursive: true });
  }
  const measured = afterwards(machine);
  const page = `# Sums of gradients over ranks

21 MB (${LENGTH} float32) from memory shared with the engine's threads, all ranks on one machine; the slowest rank's time of
each round, ${ROUNDS} rounds. "Of a step" is the median against ${oneStepMs.toFixed(0)} ms, one S0 step of 32 images with one thread
([compare.md](compare.md)). More ranks than cores take turns. ${machineLine(measured)}.${note === undefined ? "" : `\n\n${note}`}

${asMarkdown(tableOf(samples, oneStepMs))}
`;
  savePage(study.name, { machine: measured, length: LENGTH, samples }, page);
}

export const study = defineStudy({
  name: "all-reduce",
  help: "sums of gradients over 2 and 4 ranks, sockets and MPI; a quiet machine, minutes",
  options: {
    note: text({ help: "words for the page, such as how a busy machine was kept out" }),
    rank: text({ help: "for the study itself: be one rank and write its sample to FILE", placeholder: "FILE" }),
  },
  examples: ["all-reduce"],
  run: ({ note, rank }, _, tell) => (rank === undefined ? measureAll(note, tell) : measure(rank)),
});
