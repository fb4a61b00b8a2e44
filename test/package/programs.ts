/** The programs that the packed package is tried with, where they are installed, and running them. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

/** Few things here take a minute on a quiet machine. */
const LIMIT_MS = 280_000;

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const inTools = (...parts: string[]): string => join(import.meta.dirname, "tools", "node_modules", ...parts);
export const tool = inTools;

/** Why tests that need `file` are skipped; false where it is there. */
export function missing(file: string, hint = "node scripts/package-tools.mjs installs it"): string | false {
  if (existsSync(file)) return false;
  const reason = `no ${file}: ${hint}`;
  console.warn(`\n  SKIPPED: ${reason}\n`);
  return reason;
}

/** Runs a program to its end; one that takes too long is ended, and its code is null. */
export function run(
  program: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = {},
  limitMs = LIMIT_MS,
): Finished {
  // what the test runner sets for itself is not a user's environment
  const { NODE_OPTIONS: _, NODE_ENV: __, VITEST: ___, ...own } = process.env;
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd,
    encoding: "utf8",
    env: { ...own, ...env },
    timeout: limitMs,
    maxBuffer: 2 ** 28,
  });
  return { code: status, stdout: stdout ?? "", stderr: (stderr ?? "") + (error ? `\n${error.message}` : "") };
}

/** What a program said; throws with all of it where it failed. */
export function said(finished: Finished, what: string): string {
  if (finished.code === 0) return finished.stdout;
  throw new Error(`${what}: exit code ${finished.code}\n${finished.stdout}\n${finished.stderr}`);
}

/** Runtimes of the command line on x64. `flags` come before the program. */
export const runtimes = [
  { name: "Node 20", program: inTools("node-20", "bin", "node"), flags: [] },
  { name: "Node 22", program: inTools("node-22", "bin", "node"), flags: [] },
  { name: "Node 24", program: inTools("node-24", "bin", "node"), flags: [] },
  { name: "Node 26", program: inTools("node-26", "bin", "node"), flags: [] },
  { name: "Bun", program: inTools("@oven", "bun-linux-x64", "bin", "bun"), flags: [] },
  { name: "Deno", program: inTools("@deno", "linux-x64-glibc", "deno"), flags: ["run", "--allow-all"] },
] as const;
