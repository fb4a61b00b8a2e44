/**
 * Starts real ranks for the tests: the launcher, mpirun, or processes with torchrun's variables; and the sum they should
 * get, by a recursion that shares no code with the package.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const rankFile = join(import.meta.dirname, "rank.mjs");
const launcherFile = join(import.meta.dirname, "launcher.mjs");

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  stdout(): string;
}

export function start(command: string, words: readonly string[], env: Record<string, string> = {}): Running {
  const begin = performance.now();
  const child = spawn(command, words, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  const ended = new Promise<Ended>((resolve) => {
    child.on("close", (code) => resolve({ code, stdout, stderr, ms: performance.now() - begin }));
  });
  return { child, ended, stdout: () => stdout };
}

/** `nproc` ranks under our launcher. */
export function launch(nproc: number, words: readonly string[], env: Record<string, string> = {}): Running {
  return start(process.execPath, [launcherFile, String(nproc), ...words], env);
}

/** What every rank of `run` wrote with TEST_RESULTS. */
export async function resultsOf(run: (file: string) => Promise<Ended>): Promise<RankResult[]> {
  const folder = mkdtempSync(join(tmpdir(), "ranks-"));
  try {
    const file = join(folder, "results");
    const { code, stderr } = await run(file);
    if (code !== 0) throw new Error(`exit code ${code}: ${stderr}`);
    const lines = readFileSync(file, "utf8").trim().split("\n");
    return lines.map((line) => JSON.parse(line) as RankResult).sort((a, b) => a.rank - b.rank);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export interface RankResult {
  readonly rank: number;
  readonly worldSize: number;
  readonly localRank: number;
  readonly localSize: number;
  readonly transport: string;
  readonly sums: string;
  readonly again: string;
  readonly all: number[];
  readonly most: number[];
  readonly least: number[];
  readonly byte: number[];
}

/** Digest of the sum over `replicas`: left child the largest power of two below the count, float32 at every node. */
export function expectedSum(replicas: number, length: number): string {
  const gradient = (replica: number) =>
    Float32Array.from({ length }, (_, i) => Math.sin(1 + replica * 7919 + i * 104729) * 10 ** ((i + replica) % 7));
  const sum = (first: number, count: number): Float32Array => {
    if (count === 1) return gradient(first);
    const left = [32, 16, 8, 4, 2, 1].find((power) => power < count)!;
    const [a, b] = [sum(first, left), sum(first + left, count - left)];
    return a.map((value, i) => Math.fround(value + b[i]!));
  };
  return createHash("sha256")
    .update(new Uint8Array(sum(0, replicas).buffer))
    .digest("hex")
    .slice(0, 16);
}

export const secret = "a secret that only the tests know";

/** The variables that torchrun would leave rank `rank`. */
export const torchrunEnv = (rank: number, worldSize: number, port: number, host = "127.0.0.1") => ({
  RANK: String(rank),
  WORLD_SIZE: String(worldSize),
  LOCAL_RANK: String(rank),
  LOCAL_WORLD_SIZE: String(worldSize),
  MASTER_ADDR: host,
  MASTER_PORT: String(port),
  TENSORONE_SECRET: secret,
});

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** How `ranks` processes are started under one MPI. */
export interface MpiLauncher {
  readonly name: string;
  readonly command: string;
  readonly flags: readonly string[];
}

const mpiLaunchers: readonly MpiLauncher[] = [
  {
    name: "Open MPI",
    command: "mpirun.openmpi",
    flags: ["--allow-run-as-root", "--oversubscribe", "--bind-to", "none"],
  },
  { name: "MPICH", command: "mpirun.mpich", flags: [] },
];

/** The MPIs of this machine; what is missing is said aloud. */
export function installedMpi(): MpiLauncher[] {
  return mpiLaunchers.filter(({ name, command }) => {
    if (spawnSync(command, ["--version"]).status === 0) return true;
    process.stderr.write(
      `SKIPPED: no ${command} here, ${name} is not tested (apt install openmpi-bin libopenmpi3 mpich)\n`,
    );
    return false;
  });
}

/** `ranks` ranks under one MPI. */
export function startMpi({ command, flags }: MpiLauncher, ranks: number, words: readonly string[], env = {}): Running {
  return start(command, [...flags, "-n", String(ranks), process.execPath, rankFile, ...words], env);
}
