/**
 * Training on several processes as users run it: the bytes of one process on two and four, over sockets and MPI, and after a
 * killed rank, a signal to one of them, and a restart. On the bundled demo set.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const main = join(import.meta.dirname, "../../dist/cli/main.js");
const root = mkdtempSync(join(tmpdir(), "tensorone-distributed-"));
const STEPS = 5;
const common = ["--replicas", "4", "--batch-size", "8", "--no-validate", "--threads", "1", "--workers", "0"];

interface Ended {
  readonly code: number | null;
  readonly output: string;
  /** From the disturbance, where there was one, to the end of everything. */
  readonly endMs: number;
}

interface Disturbance {
  readonly when: (log: string) => boolean;
  readonly signal: NodeJS.Signals;
  readonly rank: number;
}

/** Process ids of the ranks below `parent`, by rank. */
function ranksOf(parent: number): Map<number, number> {
  const found = new Map<number, number>();
  for (const entry of readdirSync("/proc").filter((name) => /^\d+$/.test(name)))
    try {
      const ppid = / \(.*\) \S (\d+)/s.exec(` ${readFileSync(join("/proc", entry, "stat"), "utf8")}`)?.[1];
      const environment = readFileSync(join("/proc", entry, "environ"), "utf8").split("\0");
      const rank = environment.find((row) => row.startsWith("RANK="))?.slice(5);
      if (Number(ppid) === parent && rank !== undefined) found.set(Number(rank), Number(entry));
    } catch {
      // it has ended meanwhile
    }
  return found;
}

/** Runs `train` into root/out for `steps`, disturbing one rank once its log says when. */
function train(
  out: string,
  args: readonly string[],
  disturbance?: Disturbance,
  command = [process.execPath],
): Promise<Ended> {
  const [program, ...words] = [...command, main, "train", "--out", join(root, out), ...common, ...args];
  const child = spawn(program!, words, { env: { ...process.env, RANK: undefined, WORLD_SIZE: undefined } });
  let output = "";
  let disturbedAt = Number.NaN;
  child.stdout.on("data", (text) => (output += text));
  child.stderr.on("data", (text) => (output += text));
  const log = join(root, out, "log.jsonl");
  const timer = setInterval(() => {
    if (!disturbance?.when(existsSync(log) ? readFileSync(log, "utf8") : "")) return;
    const pid = ranksOf(child.pid!).get(disturbance.rank);
    if (pid === undefined) return;
    clearInterval(timer);
    disturbedAt = performance.now();
    process.kill(pid, disturbance.signal);
  }, 5);
  return new Promise((resolve) =>
    child.on("close", (code) => {
      clearInterval(timer);
      resolve({ code, output, endMs: performance.now() - disturbedAt });
    }),
  );
}

const max = (steps: number): string[] => ["--max-steps", String(steps)];
const folderOf = (out: string): string => join(root, out, "checkpoints");
const newest = `step_${String(STEPS).padStart(6, "0")}`;
const bytesOf = (out: string): string[] =>
  ["json", "safetensors"].map((end) =>
    createHash("sha256")
      .update(readFileSync(join(folderOf(out), `${newest}.${end}`)))
      .digest("hex"),
  );

beforeAll(async () => {
  expect(await train("one", max(STEPS))).toMatchObject({ code: 0 });
});
afterAll(() => rmSync(root, { recursive: true }));

const hasMpirun = spawnSync("mpirun", ["--version"]).status === 0;

describe("the bytes of one process", () => {
  it.each([2, 4])("on %i processes over sockets", async (nproc) => {
    const run = await train(`sockets-${nproc}`, [...max(STEPS), "--nproc", String(nproc)]);
    expect(run, run.output).toMatchObject({ code: 0 });
    expect(bytesOf(`sockets-${nproc}`)).toEqual(bytesOf("one"));
    // rank 0 alone speaks, once
    expect(run.output.match(/^run folder/gm)?.length).toBe(1);
    expect(run.output).toMatch(new RegExp(`4 replicas on ${nproc} processes \\(sockets\\)`));
  });

  it.skipIf(!hasMpirun)("on 2 processes over MPI (skipped without mpirun)", async () => {
    const mpirun = [
      "mpirun",
      "--allow-run-as-root",
      "--oversubscribe",
      "--bind-to",
      "none",
      "-n",
      "2",
      process.execPath,
    ];
    const run = await train("mpi", max(STEPS), undefined, mpirun);
    expect(run, run.output).toMatchObject({ code: 0 });
    expect(run.output).toMatch(/2 processes \(mpi/);
    expect(bytesOf("mpi")).toEqual(bytesOf("one"));
  });
});

describe("a disturbed run", () => {
  it("ends within 10 s of kill -9, names the rank, and goes on to the same bytes on another number of processes", async () => {
    await train("killed", [...max(2), "--nproc", "2"]);
    const when = (log: string) => log.split("\n").length > 3;
    const killed = await train("killed", [...max(STEPS + 40), "--nproc", "4", "--resume"], {
      when,
      signal: "SIGKILL",
      rank: 2,
    });
    expect(killed.code).not.toBe(0);
    expect(killed.endMs).toBeLessThan(10_000);
    expect(killed.output).toMatch(/rank 2 .*SIGKILL/);
    const resumed = await train("killed", [...max(STEPS), "--nproc", "2", "--resume"]);
    expect(resumed, resumed.output).toMatchObject({ code: 0 });
    expect(bytesOf("killed")).toEqual(bytesOf("one"));
  });

  it("saves on SIGTERM to a rank that is not 0, all leave with 143, and goes on to the same bytes", async () => {
    const when = (log: string) => log.split("\n").length > 2;
    const stopped = await train("stopped", [...max(STEPS), "--nproc", "2"], { when, signal: "SIGTERM", rank: 1 });
    expect(stopped, stopped.output).toMatchObject({ code: 143 });
    expect(readdirSync(folderOf("stopped")).length).toBe(2);
    const resumed = await train("stopped", [...max(STEPS), "--resume"]);
    expect(resumed, resumed.output).toMatchObject({ code: 0 });
    expect(bytesOf("stopped")).toEqual(bytesOf("one"));
  });

  it("starts again by itself where --max-restarts allows, also before there is a checkpoint", async () => {
    const disturbance = { when: (log: string) => log.split("\n").length > 2, signal: "SIGKILL", rank: 1 } as const;
    const run = await train("restarted", [...max(STEPS), "--nproc", "2", "--max-restarts", "1"], disturbance);
    expect(run, run.output).toMatchObject({ code: 0 });
    expect(run.output).toMatch(/restart 1 of 1/);
    expect(bytesOf("restarted")).toEqual(bytesOf("one"));
  });
});
