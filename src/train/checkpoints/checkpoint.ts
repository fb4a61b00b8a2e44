/**
 * The folder of a run's checkpoints: which there are, which is the newest that is whole, and which may go. The JSON of a
 * checkpoint is written last: it exists when its JSON does, and is whole when the hash in it fits (checkpoint-format.ts).
 */
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "../../util/atomic-file.js";
import { CheckpointError } from "../../util/errors.js";
import { formatBytes } from "../../util/format.js";
import type { Session } from "../steps/session.js";
import {
  type Checkpoint,
  type CheckpointFile,
  type CheckpointHeader,
  checkpointText,
  DamagedError,
  encodeCheckpoint,
  expectSameRun,
  readCheckpoint,
  readCheckpointFile,
} from "./checkpoint-format.js";
import type { ClassCheck } from "./class-names.js";
import { adoptMmengineCheckpoint } from "./mmengine-file.js";
import { containerOf } from "./model-file.js";

/** How many are kept unless the run says otherwise; older ones are deleted once a newer one is safely written. */
const KEPT = 3;

/** What a killed writer leaves (util/atomic-file). */
const unfinished = /^\..*\.tmp$/;

/** A checkpoint and the path of its tensors. */
export interface FoundCheckpoint extends Checkpoint {
  readonly path: string;
}

/** The JSON of every checkpoint in a folder, newest first; those that cannot be read come last, to be reported. */
export async function listCheckpoints(folder: string): Promise<{ path: string; step: number }[]> {
  const names = await readdir(folder).catch(() => []);
  const found = await Promise.all(
    names
      .filter((name) => name.endsWith(".json") && !name.startsWith("."))
      .map(async (name) => {
        const path = join(folder, name);
        const step = await readCheckpointFile(path).then(
          (file) => file.progress.step,
          () => -1,
        );
        return { path, step };
      }),
  );
  return found.sort((a, b) => b.step - a.step);
}

/**
 * What the checkpoint that `resume` means says of its run: the file named, or for true the newest in `folder`. null for
 * mmengine's files, which hold no recipe of ours, and where none can be read, which is find's to report.
 */
export async function readRunToResume(folder: string, resume: string | true): Promise<CheckpointFile | null> {
  if (resume !== true && containerOf(resume) === "torch") return null;
  const [newest] = resume === true ? await listCheckpoints(folder) : [{ path: resume, step: 0 }];
  if (!newest || newest.step < 0) return null;
  return readCheckpointFile(newest.path.replace(/\.safetensors$/, ".json")).catch(() => null);
}

export class CheckpointFolder {
  readonly #folder: string;
  readonly #kept: number;
  #newest = "";

  constructor(folder: string, kept = KEPT) {
    this.#folder = folder;
    this.#kept = kept;
  }

  /** The tensors' file of the checkpoint last saved or found. */
  get newest(): string {
    return this.#newest;
  }

  /**
   * Saves a session; the files before it stay until this one is whole. One process at a time. Throws DivergedError for a
   * state that is not finite, before anything is written, CheckpointError where the disk is full.
   */
  async save(
    session: Session,
    header: CheckpointHeader,
    isEpochEnd: boolean,
  ): Promise<{ path: string; bytes: number }> {
    const { step, epoch } = session;
    const name = isEpochEnd ? `epoch_${String(epoch).padStart(3, "0")}` : `step_${String(step).padStart(6, "0")}`;
    const { file, bytes } = await encodeCheckpoint(session, header, name);
    const path = join(this.#folder, file.tensors);
    try {
      await mkdir(this.#folder, { recursive: true });
      await this.#removeUnfinished();
      await writeFileAtomic(path, bytes);
      await writeFileAtomic(join(this.#folder, `${name}.json`), checkpointText(file));
    } catch (error) {
      throw this.#explained(error, step, bytes.length);
    }
    this.#newest = path;
    await this.#prune(step, session.watch.best?.step);
    return { path, bytes: bytes.length };
  }

  /**
   * The checkpoint to go on from: the file named (either of the two, or mmengine's .pth), or the newest that is whole and
   * finite; others are passed over with a notice. Throws CheckpointError where there is none, or where it belongs to another
   * run.
   */
  async find(
    named: string | null,
    header: CheckpointHeader,
    notice: (text: string) => void,
    check: ClassCheck = { allow: false },
  ): Promise<FoundCheckpoint> {
    if (named !== null && containerOf(named) === "torch")
      return { ...(await adoptMmengineCheckpoint(named, header, check, notice)), path: named };
    if (named !== null) return this.#read(named.replace(/\.(json|safetensors)$/, ".json"), header, notice, check);
    const candidates = await this.#list();
    for (const { path } of candidates)
      try {
        return await this.#read(path, header, notice, check);
      } catch (error) {
        if (!(error instanceof DamagedError)) throw error;
        notice(`${error.summary}; trying the one before`);
      }
    throw new CheckpointError(
      `resume: no ${candidates.length > 0 ? "whole " : ""}checkpoint in ${this.#folder}${candidates.length > 0 ? ", expected one of finite numbers" : ""}`,
      "leave --resume away to start a new run",
    );
  }

  async #read(
    path: string,
    header: CheckpointHeader,
    notice: (text: string) => void,
    { allow }: ClassCheck,
  ): Promise<FoundCheckpoint> {
    // a run that does not fit is told before the hash of a large file is taken
    const file = await readCheckpointFile(path);
    expectSameRun(path, allow ? { ...file, classes: header.classes } : file, header);
    const { isSealed, ...checkpoint } = await readCheckpoint(path);
    if (!isSealed) notice(`${path} is of a version that wrote no hashes of it: its fields are checked alone`);
    this.#newest = path.replace(/\.json$/, ".safetensors");
    return { ...checkpoint, path: this.#newest };
  }

  #list(): Promise<{ path: string; step: number }[]> {
    return listCheckpoints(this.#folder);
  }

  /** Those beyond `step` were passed over: they stand for nothing that is kept. The best stays however old it is. */
  async #prune(step: number, best: number | undefined): Promise<void> {
    const reached = (await this.#list()).filter((one) => one.step <= step);
    for (const { path } of reached.slice(this.#kept).filter((one) => one.step !== best)) {
      await rm(path, { force: true });
      await rm(path.replace(/\.json$/, ".safetensors"), { force: true });
    }
  }

  async #removeUnfinished(): Promise<void> {
    for (const name of await readdir(this.#folder))
      if (unfinished.test(name)) await rm(join(this.#folder, name), { force: true });
  }

  #explained(error: unknown, step: number, bytes: number): unknown {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== "ENOSPC" && code !== "EDQUOT") return error;
    return new CheckpointError(
      `checkpoint: no room for the ${formatBytes(bytes)} of step ${step} in ${this.#folder}`,
      this.#newest === ""
        ? "free some space, then start again"
        : "the checkpoints before it are whole: free some space, then go on with --resume",
    );
  }
}
