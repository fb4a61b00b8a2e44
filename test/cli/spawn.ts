/**
 * Runs the built command line as its users do, and takes fingerprints of folders.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const packageRoot = join(import.meta.dirname, "..", "..");
const program = join(packageRoot, "dist", "cli", "main.js");

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `tensorone …args` in `cwd`, with pipes for stdout and stderr. */
export function tensorone(args: readonly string[], cwd: string, env: Readonly<Record<string, string>> = {}): Finished {
  if (!existsSync(program)) throw new Error(`${program} is missing: npm run build`);
  // what a terminal or a test runner may have set changes what is printed
  const { DEBUG: _, FORCE_COLOR: _force, NO_COLOR: _no, COLUMNS: _columns, ...clean } = process.env;
  const run = spawnSync(process.execPath, [program, ...args], { cwd, env: { ...clean, ...env }, encoding: "utf8" });
  return { code: run.status, stdout: run.stdout, stderr: run.stderr };
}

/** Every file below `folder` with its SHA-256, and every folder, sorted. */
export function fingerprint(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return entry.isFile() ? `${path} ${createHash("sha256").update(readFileSync(path)).digest("hex")}` : path;
    })
    .sort();
}

/** The same without blocking this process, which may be the server that the command asks. */
export function tensoroneLater(
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  const { DEBUG: _, FORCE_COLOR: _force, NO_COLOR: _no, COLUMNS: _columns, ...clean } = process.env;
  const child = spawn(process.execPath, [program, ...args], { cwd, env: { ...clean, ...env } });
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  return new Promise((done) =>
    child.on("close", (code) =>
      done({ code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() }),
    ),
  );
}
