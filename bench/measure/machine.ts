/** Where and when something was measured: without it a figure means nothing. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, totalmem } from "node:os";
import { join } from "node:path";
import { capabilities } from "../../src/backends/wasm/capabilities.js";
import { repositoryRoot } from "../paths.js";

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly node: string;
  readonly v8: string;
  /** Whether V8 gave us relaxed SIMD's multiply-add. */
  readonly hasFma: boolean;
  /** Abbreviated; "+" where tracked sources differed from it; of a bundle what its file COMMIT says; null elsewhere. */
  readonly commit: string | null;
  /** ISO 8601. */
  readonly date: string;
  /** Processes that wanted a core, over the last minute, when the measurement began: above 1 other jobs disturb. */
  readonly loadBefore: number;
  /** The same when it ended. */
  readonly loadAfter?: number;
}

const git = (...args: string[]): string =>
  execFileSync("git", args, { cwd: repositoryRoot, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();

function commit(): string | null {
  const bundled = join(repositoryRoot, "COMMIT");
  if (existsSync(bundled)) return readFileSync(bundled, "utf8").trim();
  try {
    const isChanged = git("status", "--porcelain", "--untracked-files=no", "--", "src", "bench/*.ts") !== "";
    return `${git("rev-parse", "--short=10", "HEAD")}${isChanged ? "+" : ""}`;
  } catch {
    return null;
  }
}

const load = (): number => Number(loadavg()[0]!.toFixed(2));

/** Describes this machine as it is now. */
export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    node: process.version,
    v8: process.versions.v8,
    hasFma: capabilities().fma,
    commit: commit(),
    date: new Date().toISOString(),
    loadBefore: load(),
  };
}

/** The machine with its load as it is now, when a measurement has ended. */
export const afterwards = (machine: Machine): Machine => ({ ...machine, loadAfter: load() });

/** One line for people. */
export function machineLine({ cpu, cores, node, v8, hasFma, commit, date, loadBefore, loadAfter }: Machine): string {
  const when = date.slice(0, 16).replace("T", " ");
  const code = commit === null ? "" : `, commit ${commit}`;
  const until = loadAfter === undefined ? "" : ` to ${loadAfter}`;
  return `${cpu}, ${cores} cores, Node ${node.slice(1)} (V8 ${v8})${hasFma ? "" : ", no FMA"}${code}, ${when} UTC, load ${loadBefore}${until}`;
}
