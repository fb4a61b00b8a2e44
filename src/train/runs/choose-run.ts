/**
 * Where a run lives: a folder that holds no other run, or the one to go on with. Nothing is made here.
 */
import { existsSync, readdirSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { CheckpointError, TensoroneError, UsageError } from "../../util/errors.js";
import { fileStatus, isFolder } from "../../util/file-status.js";
import { shownPath } from "../../util/shown-path.js";
import { findModelFile } from "../checkpoints/run-weights.js";
import { broadcastJson } from "../replicas/agreement.js";
import type { ProcessGroup } from "../replicas/process-group.js";
import { freshRun, isRun, latestRun, runOf } from "./run-folders.js";
import { readStoredRun, type StoredRun } from "./stored-run.js";

export interface RunChoice {
  readonly out: string | undefined;
  /** A checkpoint, the folder of a run, or true for the newest run. */
  readonly resume: string | true | undefined;
  readonly init: string | undefined;
  /** What a run to resume may be called as well, where no option tells which of the two was meant. */
  readonly otherName?: string | undefined;
}

/** A run that is decided on. */
export interface ChosenRun {
  readonly out: string;
  /** A checkpoint, or true for the newest in `out`. */
  readonly resume: string | true | undefined;
  readonly init: string | undefined;
  /** What the run to go on with says of itself; null where there is none, or where it does not say. */
  readonly stored: StoredRun | null;
}

/** --resume RUN is --out RUN --resume, and with another --out its newest checkpoint. */
async function withoutFolder(choice: RunChoice): Promise<RunChoice> {
  const { out, resume } = choice;
  if (typeof resume !== "string" || !isFolder(resume)) return choice;
  const isOwn = out === undefined || (existsSync(out) && realpathSync(out) === realpathSync(resume));
  return isOwn ? { ...choice, out: resume, resume: true } : { ...choice, resume: await findModelFile(resume, "raw") };
}

/** The run, without making anything. Throws UsageError where a run would be overwritten, CheckpointError where there is nothing to resume. */
export async function chooseRun(name: string, given: RunChoice): Promise<ChosenRun> {
  const choice = await withoutFolder(given);
  const { resume, init } = choice;
  const out = runFolder(name, choice);
  if (init !== undefined) await findModelFile(init);
  return { out, resume, init, stored: resume === undefined ? null : await readStoredRun(out, resume) };
}

function runFolder(name: string, { out, resume, init, otherName }: RunChoice): string {
  if (init !== undefined && resume !== undefined)
    throw new UsageError("train: --init and --resume together, expected one of them", "a resumed run has its weights");
  if (init !== undefined && !isFolder(init)) expectFile("--init", init);
  if (out !== undefined && fileStatus(out)?.isFile())
    throw new UsageError(`train: --out ${out} is a file, expected a folder`);
  if (resume === undefined) return newRun(out ?? freshRun(name));
  if (resume !== true) return runFor(resume, out);
  const run = out ?? newest([latestRun(name), otherName === undefined ? undefined : latestRun(otherName)]);
  if (run === undefined)
    throw new CheckpointError(`train: no run of ${name} in runs/ to resume`, "--out DIR names the folder of the run");
  if (!isRun(run))
    throw new CheckpointError(`train: no run in ${run} to resume`, "leave --resume away to start one there");
  return run;
}

/** The folder whose checkpoints were written last. */
function newest(runs: readonly (string | undefined)[]): string | undefined {
  const writtenAt = (run: string) => statSync(join(run, "checkpoints")).mtimeMs;
  return runs.filter((run) => run !== undefined).sort((a, b) => writtenAt(b) - writtenAt(a))[0];
}

function newRun(out: string): string {
  if (!isRun(out)) return out;
  throw new UsageError(
    `train: ${out} holds a run already, and would be overwritten`,
    `--resume ${shownPath(out)} goes on with it, another --out starts a new one`,
  );
}

/** The run of all processes of `group`, as rank 0 sees its folder. Throws, on all, what chooseRun throws. */
export async function agreeOnRun(
  name: string,
  choice: RunChoice,
  group: ProcessGroup,
  environment: { readonly [name: string]: string | undefined },
): Promise<ChosenRun> {
  if (group.rank !== 0) return broadcastJson<ChosenRun>(group, { ...choice, out: "", stored: null });
  try {
    // torchrun's word, and our launcher's
    const isRestart = Number(environment.TORCHELASTIC_RESTART_COUNT ?? 0) > 0;
    if (!isRestart) return await broadcastJson(group, await chooseRun(name, choice));
    const restart = chooseRestart(name, await withoutFolder(choice));
    const { out, resume } = restart;
    const stored = resume === undefined ? null : await readStoredRun(out, resume);
    return await broadcastJson<ChosenRun>(group, { ...restart, stored });
  } catch (error) {
    await group.abort(error instanceof TensoroneError ? error.summary : String(error)).catch(() => {});
    throw error;
  }
}

/** What a restarted run does: it goes on where it has a checkpoint, and begins again where it has none. */
export function chooseRestart(name: string, choice: RunChoice): RunChoice & { readonly out: string } {
  const out = choice.out ?? latestRun(name) ?? freshRun(name);
  const checkpoints = join(out, "checkpoints");
  const hasOne = existsSync(checkpoints) && readdirSync(checkpoints).some((file) => /^[^.].*\.json$/.test(file));
  return hasOne ? { out, resume: true, init: undefined } : { ...choice, out };
}

/** The folder of a run that goes on from `checkpoint`: its own, or a new one. */
function runFor(checkpoint: string, out: string | undefined): string {
  expectFile("--resume", checkpoint);
  const own = runOf(checkpoint);
  if (out === undefined || (existsSync(out) && realpathSync(out) === realpathSync(own))) return out ?? own;
  return newRun(out);
}

function expectFile(option: string, path: string): void {
  if (fileStatus(path)?.isFile()) return;
  throw new CheckpointError(
    `train: ${option} ${path}: there is no such file`,
    "checkpoints are <out>/model.safetensors or <out>/checkpoints/*.safetensors",
  );
}
