/** The built command line as processes that are disturbed: how they are started, hit, and looked at when they have ended. */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { printable } from "../../src/util/printable.js";
import { builtCommandLine } from "../paths.js";

/** What a process may be made to meet, each a module of preload/ that every process of a run loads first. */
export type Preload = "clock" | "data-thread" | "slow-disk" | "tiny";

const preloadPath = (name: Preload): string => fileURLToPath(new URL(`./preload/${name}.js`, import.meta.url));

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** What it has said so far. */
  output(): string;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

interface StartOptions {
  readonly preload?: readonly Preload[];
  readonly env?: Readonly<Record<string, string>>;
  /** Words before `node`, such as prlimit's. */
  readonly before?: readonly string[];
  /** Options of node itself. */
  readonly node?: readonly string[];
  readonly cwd?: string;
}

/** Starts `tensorone …words`. */
export function start(words: readonly string[], options: StartOptions = {}): Started {
  const { preload = ["tiny"], env = {}, before = [], node = [], cwd } = options;
  const imports = preload.map((name) => `--import=${preloadPath(name)}`).join(" ");
  const [program, ...rest] = [...before, process.execPath, ...node, builtCommandLine, ...words] as [
    string,
    ...string[],
  ];
  const begin = performance.now();
  const child = spawn(program, rest, {
    ...(cwd !== undefined && { cwd }),
    env: { ...process.env, NO_COLOR: "1", NODE_OPTIONS: imports, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout!.on("data", (text: Buffer) => {
    stdout += text;
  });
  child.stderr!.on("data", (text: Buffer) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr, ms: performance.now() - begin }));
  });
  return { child, ended, output: () => stdout + stderr };
}

export const run = (words: readonly string[], options?: StartOptions): Promise<Ended> => start(words, options).ended;

/** A run of a network of 110 kB on the bundled pictures: a step takes milliseconds. */
export const tinyTraining = (out: string, steps: number, ...more: readonly string[]): string[] => [
  ...["train", "--model", "mobileone_tiny", "--out", out, "--max-steps", String(steps), "--no-validate", "--no-report"],
  ...["--threads", "1", "--workers", "0", "--batch-size", "8", ...more],
];

/** Waits until something is so; false where it is not within `ms`. */
export async function until(isTrue: () => boolean, ms: number): Promise<boolean> {
  const end = performance.now() + ms;
  while (!isTrue() && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 10));
  return isTrue();
}

/** Whether a run left a checkpoint; its folder may be there without any. */
export function hasCheckpoint(out: string): boolean {
  const folder = join(out, "checkpoints");
  return existsSync(folder) && readdirSync(folder).some((name) => name.endsWith(".json") && !name.startsWith("."));
}

/** Lines of log.jsonl, as a measure of how far a run is. */
export function stepsDone(out: string): number {
  const log = join(out, "log.jsonl");
  return existsSync(log) ? readFileSync(log, "utf8").split("\n").length - 1 : 0;
}

/** Processes that `pid` started and that live, with theirs. */
export function descendants(pid: number): number[] {
  const list = `/proc/${pid}/task/${pid}/children`;
  if (!existsSync(list)) return [];
  const own = readFileSync(list, "utf8").trim().split(" ").filter(Boolean).map(Number);
  return own.flatMap((one) => [one, ...descendants(one)]);
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // a process that has ended and that nobody has asked for is none
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

/** What every file of a run holds that does not depend on the clock. */
export function bitsOf(out: string): string {
  const folder = join(out, "checkpoints");
  const files = existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => !name.startsWith("."))
        .sort()
    : [];
  const hash = createHash("sha256");
  for (const name of files.slice(-2)) hash.update(name).update(readFileSync(join(folder, name)));
  return hash.digest("hex").slice(0, 16);
}

/** Why an ended process did not answer as it has to where it could not go on; null where it did: one line and perhaps a hint. */
export function wrongEnd({ code, signal, stderr }: Ended, expected: RegExp): string | null {
  if (signal !== null || code === null || code === 0 || code > 2)
    return `ended with ${signal ?? code}, expected exit code 1`;
  if (/^\s+at .*:\d+/m.test(stderr))
    return `a stack: ${stderr
      .split("\n")
      .find((line) => /^\s+at /.test(line))
      ?.trim()}`;
  const lines = stderr.split("\n").filter((line) => line.startsWith("error: "));
  if (lines.length !== 1) return `${lines.length} lines of errors, expected one`;
  if (printable(lines[0]!) !== lines[0]) return "control characters in its line";
  return expected.test(lines[0]!) ? null : `"${lines[0]!.slice(0, 200)}", expected ${expected}`;
}
