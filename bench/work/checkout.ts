/**
 * Another commit of this repository, checked out and compiled in a temporary folder, and gone when the work with it has
 * ended: well, with an error, or by a signal.
 */
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UsageError } from "../../src/util/errors.js";
import { repositoryRoot } from "../paths.js";
import type { Tell } from "../study.js";

const git = (...args: string[]): string =>
  execFileSync("git", args, { cwd: repositoryRoot, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();

/** The whole name of a commit. Throws UsageError where `revision` names none. */
export function commitOf(revision: string): string {
  try {
    return git("rev-parse", "--verify", "--quiet", "--end-of-options", `${revision}^{commit}`);
  } catch {
    throw new UsageError(
      `bench: ${revision} is no commit of this checkout, expected one`,
      "a branch, a tag or a hash; git fetch brings those of others",
    );
  }
}

/** Runs a program to its end; its output is shown only where it fails. */
function run(program: string, args: readonly string[], cwd: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, signal, stdio: ["ignore", "pipe", "pipe"] });
    const output: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => output.push(chunk));
    let failure: Error | undefined;
    child.on("error", (error) => {
      failure = error;
    });
    // not before the program has gone: it may still be writing to what is then removed
    child.on("close", (code) => {
      if (failure) reject(failure);
      else if (code === 0) resolve();
      else
        reject(new Error(`${[program, ...args].join(" ")} ended with ${code}:\n${Buffer.concat(output).toString()}`));
    });
  });
}

/** Whether this checkout's packages are those of the other one. */
function hasSamePackages(folder: string): boolean {
  const [own, other] = [repositoryRoot, folder].map((root) => join(root, "package-lock.json"));
  return existsSync(join(repositoryRoot, "node_modules")) && readFileSync(own!).equals(readFileSync(other!));
}

/** Also one that was only begun. */
function removeWorktree(folder: string): void {
  try {
    git("worktree", "remove", "--force", "--force", folder);
  } catch {
    rmSync(folder, { recursive: true, force: true });
    git("worktree", "prune");
  }
}

/** Calls `body` with the folder in which `commit` is compiled. Rejects where that fails, or `signal` fires. */
export async function withCheckout<T>(
  commit: string,
  signal: AbortSignal,
  tell: Tell,
  body: (folder: string) => Promise<T>,
): Promise<T> {
  const temporary = mkdtempSync(join(tmpdir(), "tensorone-against-"));
  const folder = join(temporary, "checkout");
  try {
    await run("git", ["worktree", "add", "--detach", folder, commit], repositoryRoot, signal);
    if (hasSamePackages(folder)) symlinkSync(join(repositoryRoot, "node_modules"), join(folder, "node_modules"), "dir");
    else {
      tell("its packages differ: npm ci");
      await run("npm", ["ci", "--no-audit", "--no-fund"], folder, signal);
    }
    const compiler = join("node_modules", "typescript", "bin", "tsc");
    await run(process.execPath, [compiler, "-p", "tsconfig.bench.json"], folder, signal);
    return await body(folder);
  } finally {
    removeWorktree(folder);
    rmSync(temporary, { recursive: true, force: true });
  }
}
