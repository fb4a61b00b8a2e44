/**
 * Training of MobileOne-S0 on several processes: whether the checkpoints are equal bytes, and what the processes cost, two of
 * one thread against one of two threads on the same work, by turns. Runs the built command line (npm run build) on the demo set.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { optionalChoice } from "../../src/cli/options.js";
import { afterwards, describeMachine, type Machine, machineLine } from "../measure/machine.js";
import { median } from "../measure/stats.js";
import { builtCommandLine, expectBuilt, resultsFolder } from "../paths.js";
import { savePage } from "../report/results.js";
import { asMarkdown } from "../report/tables.js";
import { defineStudy } from "../study.js";

const EQUAL_STEPS = 30;
const EQUAL_REPLICAS = 8;
const SPEED_STEPS = 7;
/** The first steps record the programs. */
const WARM_UP_STEPS = 3;
const ROUNDS = 2;

interface Way {
  readonly name: string;
  readonly processes: number;
  readonly transport: "alone" | "sockets" | "mpi";
}

const ways: readonly Way[] = [
  { name: "1 process", processes: 1, transport: "alone" },
  { name: "2 processes, sockets", processes: 2, transport: "sockets" },
  { name: "4 processes, sockets", processes: 4, transport: "sockets" },
  { name: "8 processes, sockets", processes: 8, transport: "sockets" },
  { name: "2 processes, MPI", processes: 2, transport: "mpi" },
  { name: "8 processes, MPI", processes: 8, transport: "mpi" },
];

interface EqualRow {
  readonly way: string;
  readonly sha256: string;
}
interface SpeedRow {
  readonly work: string;
  readonly way: string;
  readonly threads: number;
  readonly imagesPerSecond: number;
  readonly stepMs: number;
  /** Share of a step in the exchange of gradients. */
  readonly exchange: number | null;
  readonly samples: number;
}
interface Saved {
  machine: Machine;
  equal?: readonly EqualRow[];
  speed?: readonly SpeedRow[];
}

interface LogRow {
  readonly step: number;
  readonly stepMs: number;
  readonly imagesPerSecond: number;
  readonly exchangeMs?: number;
}

/** One run; its folder. Throws where it fails. */
function train(root: string, { processes, transport, name }: Way, args: readonly string[]): string {
  const out = join(root, `${name.replaceAll(/\W+/g, "-")}-${Math.random().toString(36).slice(2)}`);
  const words = [builtCommandLine, "train", "--out", out, "--no-validate", "--workers", "1", ...args];
  const mpirun = ["--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "-n", String(processes)];
  const [program, line]: [string, string[]] =
    transport === "mpi"
      ? ["mpirun", [...mpirun, process.execPath, ...words]]
      : [process.execPath, [...words, ...(processes > 1 ? ["--nproc", String(processes)] : [])]];
  const run = spawnSync(program, line, { encoding: "utf8" });
  if (run.status !== 0) throw new Error(`${name}: exit ${run.status}\n${run.stderr}`);
  return out;
}

/** The checkpoint of the last step, byte for byte. */
function equality(root: string): EqualRow[] {
  const args = [
    "--replicas",
    String(EQUAL_REPLICAS),
    "--batch-size",
    "4",
    "--threads",
    "1",
    "--max-steps",
    String(EQUAL_STEPS),
  ];
  return ways.map((way) => {
    const out = train(root, way, args);
    const file = join(out, "checkpoints", `step_${String(EQUAL_STEPS).padStart(6, "0")}.safetensors`);
    return { way: way.name, sha256: createHash("sha256").update(readFileSync(file)).digest("hex") };
  });
}

function speeds(root: string): SpeedRow[] {
  const rows: SpeedRow[] = [];
  for (const batch of [16, 32]) {
    const logs = new Map<Way, LogRow[]>();
    for (let round = 0; round < ROUNDS; round++)
      for (const way of ways.filter(({ processes }) => processes <= 2)) {
        const threads = ["--threads", String(2 / way.processes)];
        const size = ["--replicas", "2", "--batch-size", String(batch), "--image-size", "224"];
        const out = train(root, way, [...size, ...threads, "--max-steps", String(SPEED_STEPS)]);
        const lines = readFileSync(join(out, "log.jsonl"), "utf8").trim().split("\n");
        const counted = lines.map((line) => JSON.parse(line) as LogRow).filter(({ step }) => step > WARM_UP_STEPS);
        logs.set(way, [...(logs.get(way) ?? []), ...counted]);
        rmSync(out, { recursive: true });
      }
    for (const [way, log] of logs) {
      const shares = log.flatMap(({ exchangeMs, stepMs }) => (exchangeMs === undefined ? [] : [exchangeMs / stepMs]));
      rows.push({
        work: `2 replicas x ${batch} images of 224²`,
        way: way.name,
        threads: 2 / way.processes,
        imagesPerSecond: median(log.map(({ imagesPerSecond }) => imagesPerSecond)),
        stepMs: median(log.map(({ stepMs }) => stepMs)),
        exchange: shares.length > 0 ? median(shares) : null,
        samples: log.length,
      });
    }
  }
  return rows;
}

function page({ machine, equal = [], speed = [] }: Saved): string {
  const first = (work: string) => speed.find((row) => row.work === work)!.imagesPerSecond;
  const percent = (share: number | null) => (share === null ? "" : `${(100 * share).toFixed(1)} %`);
  const equalRows = equal.map(({ way, sha256 }) => [way, sha256]);
  const speedRows = speed.map((row) => [
    row.work,
    `${row.way} x ${row.threads} thread${row.threads > 1 ? "s" : ""}`,
    row.imagesPerSecond.toFixed(1),
    (row.imagesPerSecond / first(row.work)).toFixed(2),
    `${row.stepMs.toFixed(0)} ms`,
    percent(row.exchange),
    String(row.samples),
  ]);
  return [
    "# MobileOne-S0 on several processes",
    machineLine(machine),
    `## Equal bytes\nThe checkpoint after ${EQUAL_STEPS} steps of ${EQUAL_REPLICAS} replicas on the demo set, 32², SHA-256 of its tensors.`,
    asMarkdown({ head: ["way", "checkpoint"], rows: equalRows }),
    `## What processes cost\nThe same work by turns, medians over steps ${WARM_UP_STEPS + 1} to ${SPEED_STEPS} of ${ROUNDS} rounds. The exchange is the sum over replicas, ranks being there.`,
    asMarkdown({
      head: ["work", "way", "images/s", "against one process", "step", "exchange", "steps"],
      rows: speedRows,
    }),
    "The exchange follows backward and does not overlap it: all cores are busy with backward, so at best its own share could be won.",
    "",
  ].join("\n\n");
}

export const study = defineStudy({
  name: "distributed",
  help: "S0 on several processes over sockets and MPI: equal bytes, and what the processes cost; minutes",
  options: {
    only: optionalChoice(["equal", "speed"], { help: "one half; the other keeps its rows", placeholder: "HALF" }),
  },
  examples: ["distributed", "distributed --only equal"],
  async run({ only }, _, tell) {
    expectBuilt();
    const path = join(resultsFolder, `${study.name}.json`);
    const before: Partial<Saved> = existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Saved) : {};
    const root = mkdtempSync(join(tmpdir(), "tensorone-bench-"));
    try {
      const machine = describeMachine();
      const measured = {
        ...before,
        ...(only !== "speed" && { equal: equality(root) }),
        ...(only !== "equal" && { speed: speeds(root) }),
      };
      const saved: Saved = { ...measured, machine: afterwards(machine) };
      savePage(study.name, saved, page(saved));
      tell(page(saved));
    } finally {
      rmSync(root, { recursive: true });
    }
  },
});
