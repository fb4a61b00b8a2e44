/**
 * Training on several processes as users run it: the bytes of one process on two and four, over sockets and MPI, and after a
 * rank that is killed at any moment, a signal to one of them, and a restart. On the bundled demo set, a few pictures a step.
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
const SAVED_STEPS = 2;
const common = ["--replicas", "4", "--batch-size", "2", "--no-validate", "--threads", "1", "--workers", "0"];

interface Ended {
  readonly code: number | null;
  readonly output: string;
  /** From the disturbance, where there was one, to the end of everything. */
  readonly endMs: number;
}

/** What can be seen of a run from outside, now. */
interface Watched {
  /** Steps in its log. */
  readonly steps: number;
  /** Names in its folder of checkpoints. */
  readonly files: readonly string[];
}

interface Disturbance {
  readonly when: (run: Watched) => boolean;
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

const mpirun = ["mpirun", "--allow-run-as-root", "--oversubscribe", "--bind-to", "none"];
const words = (out: string, args: readonly string[]): string[] => [
  ...[process.execPath, main, "train", "--out", join(root, out)],
  ...[...common, ...args],
];

/** Runs `train` into root/out, disturbing one rank once `when` says so. */
function train(out: string, args: readonly string[], disturbance?: Disturbance): Promise<Ended> {
  return start(out, words(out, args), disturbance);
}

function start(out: string, [program, ...rest]: readonly string[], disturbance?: Disturbance): Promise<Ended> {
  const child = spawn(program!, rest, { env: { ...process.env, RANK: undefined, WORLD_SIZE: undefined } });
  let output = "";
  let disturbedAt = Number.NaN;
  child.stdout.on("data", (text) => (output += text));
  child.stderr.on("data", (text) => (output += text));
  let pid: number | undefined;
  const timer = setInterval(() => {
    // found early: the moment to disturb may be short
    if (disturbance) pid ??= ranksOf(child.pid!).get(disturbance.rank);
    if (pid === undefined || !disturbance!.when(watch(out))) return;
    clearInterval(timer);
    disturbedAt = performance.now();
    process.kill(pid, disturbance!.signal);
  }, 2);
  return new Promise((resolve) =>
    child.on("close", (code) => {
      clearInterval(timer);
      resolve({ code, output, endMs: performance.now() - disturbedAt });
    }),
  );
}

function watch(out: string): Watched {
  const log = join(root, out, "log.jsonl");
  return {
    steps: existsSync(log) ? readFileSync(log, "utf8").split("\n").length - 1 : 0,
    files: existsSync(folderOf(out)) ? readdirSync(folderOf(out)) : [],
  };
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
  it("on 2 processes over sockets", async () => {
    const run = await train("sockets", [...max(STEPS), "--nproc", "2"]);
    expect(run, run.output).toMatchObject({ code: 0 });
    expect(bytesOf("sockets")).toEqual(bytesOf("one"));
    // rank 0 alone speaks, once
    expect(run.output.match(/^run folder/gm)?.length).toBe(1);
    expect(run.output).toMatch(/4 replicas on 2 processes \(sockets\)/);
  });

  it.skipIf(!hasMpirun)("on 2 processes over MPI (skipped without mpirun)", async () => {
    const run = await start("mpi", [...mpirun, "-n", "2", ...words("mpi", max(STEPS))]);
    expect(run, run.output).toMatchObject({ code: 0 });
    expect(run.output).toMatch(/2 processes \(mpi/);
    expect(bytesOf("mpi")).toEqual(bytesOf("one"));
  });
});

it.skipIf(!hasMpirun)(
  "ranks that mpirun starts otherwise are refused before a step, by name (needs mpirun)",
  async () => {
    const first = ["-n", "1", ...words("differ", max(STEPS))];
    const second = ["-n", "1", ...words("differ", [...max(STEPS), "--lr", "0.5", "--seed", "7"])];
    const run = await start("differ", [...mpirun, ...first, ":", ...second]);
    expect(run.code).not.toBe(0);
    expect(run.output).toMatch(
      /rank 1 was started otherwise than rank 0: recipe\.optimizer\.lr was .*, is 0\.5; seed was 0, is 7/,
    );
    expect(watch("differ")).toEqual({ steps: 0, files: [] });
  },
);

describe("a disturbed run", () => {
  it("ends within 10 s of kill -9 at start, mid-step and while saving, names the rank, and resumes to the same bytes", async () => {
    const four = ["--nproc", "4", "--resume"];
    const begun = await train("killed", [...max(SAVED_STEPS), "--nproc", "4"]);
    expect(begun, begun.output).toMatchObject({ code: 0 });
    const saved = watch("killed").files;
    const isSaving = (file: string) => file.startsWith(`.${newest}`);
    const moments: readonly [rank: number, when: Disturbance["when"]][] = [
      [3, () => true],
      [2, ({ steps }) => steps > SAVED_STEPS],
      [0, ({ files }) => files.some(isSaving)],
    ];
    for (const [rank, when] of moments) {
      const killed = await train("killed", [...max(STEPS), ...four], { when, signal: "SIGKILL", rank });
      expect(killed, killed.output).toMatchObject({ code: 137 });
      expect(killed.endMs).toBeLessThan(10_000);
      expect(killed.output).toMatch(new RegExp(`rank ${rank} .*SIGKILL`));
      // half of a file has no name that anybody reads
      const { files } = watch("killed");
      expect(files).not.toContain(`${newest}.json`);
      expect(files).toEqual(expect.arrayContaining([...saved]));
      expect(files.some((file) => file.startsWith(newest) || isSaving(file))).toBe(rank === 0);
    }
    const resumed = await train("killed", [...max(STEPS), ...four]);
    expect(resumed, resumed.output).toMatchObject({ code: 0 });
    expect(resumed.output).toMatch(/4 replicas on 4 processes \(sockets\)/);
    expect(bytesOf("killed")).toEqual(bytesOf("one"));
    expect(watch("killed").files.some(isSaving)).toBe(false);
  });

  it("saves on SIGTERM to a rank that is not 0, all leave with 143, and goes on to the same bytes on another number of processes", async () => {
    const when = ({ steps }: Watched) => steps > 1;
    const stopped = await train("stopped", [...max(STEPS), "--nproc", "2"], { when, signal: "SIGTERM", rank: 1 });
    expect(stopped, stopped.output).toMatchObject({ code: 143 });
    expect(watch("stopped").files.filter((name) => /^step_\d+\.(json|safetensors)$/.test(name))).toHaveLength(2);
    const resumed = await train("stopped", [...max(STEPS), "--resume"]);
    expect(resumed, resumed.output).toMatchObject({ code: 0 });
    expect(bytesOf("stopped")).toEqual(bytesOf("one"));
  });

  it("starts again by itself where --max-restarts allows, also before there is a checkpoint", async () => {
    const disturbance = { when: ({ steps }: Watched) => steps > 1, signal: "SIGKILL", rank: 1 } as const;
    const run = await train("restarted", [...max(STEPS), "--nproc", "2", "--max-restarts", "1"], disturbance);
    expect(run, run.output).toMatchObject({ code: 0 });
    expect(run.output).toMatch(/restart 1 of 1/);
    expect(bytesOf("restarted")).toEqual(bytesOf("one"));
  });
});
