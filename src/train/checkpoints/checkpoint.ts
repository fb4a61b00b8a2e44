/**
 * The folder of a run's checkpoints: which is the newest that is whole, and which may go. Those within an epoch stand apart from
 * those of epochs. The JSON of a checkpoint is written last: it exists when its JSON does, and is whole when the hash in it fits
 * (checkpoint-format.ts).
 */
import { mkdir, readdir, rm, rmdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
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
  placeOf,
  readCheckpoint,
  readCheckpointFile,
} from "./checkpoint-format.js";
import { type CheckpointKind, isOrphan, isWithin, listCheckpoints, nameOf, unfinished } from "./checkpoint-list.js";
import type { ClassCheck } from "./class-names.js";
import type { DataLists } from "./data-check.js";
import { adoptMmengineCheckpoint } from "./mmengine-file.js";
import { containerOf } from "./model-file.js";

export { listCheckpoints } from "./checkpoint-list.js";

/** How many are kept unless the run says otherwise; older ones are deleted once a newer one is safely written. */
const KEPT = 3;
/** Of those within an epoch: should the newest turn out damaged, there is one before. */
const KEPT_WITHIN = 2;

/** A disk, a quota or a limit on files that is used up. */
const noRoom: readonly (string | undefined)[] = ["ENOSPC", "EDQUOT", "EFBIG"];

/** A checkpoint and the path of its tensors. */
export interface FoundCheckpoint extends Checkpoint {
  readonly path: string;
}

/** A checkpoint on the disk, as far as it may still be changed. */
interface Written {
  readonly json: string;
  readonly file: CheckpointFile;
  /** What was the newest before. */
  readonly before: string;
}

/**
 * What the checkpoint that `resume` means says of its run: the file named, or for true the newest in `folder`. null for
 * mmengine's files, which hold no recipe of ours, and where none can be read, which is find's to report.
 */
export async function readRunToResume(folder: string, resume: string | true): Promise<CheckpointFile | null> {
  if (resume !== true && containerOf(resume) === "torch") return null;
  if (resume === true) return (await listCheckpoints(folder))[0]?.file ?? null;
  return readCheckpointFile(resume.replace(/\.safetensors$/, ".json")).catch(() => null);
}

/** What may differ from the run that a checkpoint is of. */
export interface RunCheck extends ClassCheck {
  /** The number of pictures. */
  readonly allowOtherData?: boolean;
  /** Looks at the pictures; throws where they are others. */
  readonly data?: { compare(path: string, file: CheckpointFile): Promise<void> };
}

export class CheckpointFolder {
  readonly #folder: string;
  readonly #kept: number;
  #newest = "";
  #written: Written | null = null;
  #data: DataLists | null = null;

  constructor(folder: string, kept = KEPT) {
    this.#folder = folder;
    this.#kept = kept;
  }

  /** The pictures of the run, whose lists are written beside its first checkpoint. */
  keepData(data: DataLists): void {
    this.#data = data;
  }

  get hasData(): boolean {
    return this.#data !== null;
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
    const saved = await this.write(session, header, isEpochEnd ? "epoch" : "step");
    await this.settle(session);
    return saved;
  }

  /** Writes a session beside what is there, of which nothing goes before settle(). Throws as save does. */
  async write(
    session: Session,
    header: CheckpointHeader,
    kind: CheckpointKind,
  ): Promise<{ path: string; bytes: number }> {
    const name = nameOf(kind, session);
    const { file, bytes } = await encodeCheckpoint(session, header, name, this.#data?.fingerprint);
    const path = join(this.#folder, file.tensors);
    const json = join(this.#folder, `${name}.json`);
    await this.#writing(`${formatBytes(bytes.length)} of step ${session.step}`, async () => {
      await mkdir(this.#folder, { recursive: true });
      await this.#removeUnfinished(name);
      await this.#data?.writeInto(this.#folder);
      await writeFileAtomic(path, bytes);
      await writeFileAtomic(json, checkpointText(file));
    });
    this.#written = { json, file, before: this.#newest };
    this.#newest = path;
    return { path, bytes: bytes.length };
  }

  /** The checkpoint last written is one to rely on: says in it what a validation has added since, and removes what it replaces. */
  async settle(session: Session): Promise<void> {
    const written = this.#written;
    if (!written) return;
    this.#written = null;
    const text = checkpointText({ ...written.file, ...placeOf(session) });
    if (text !== checkpointText(written.file))
      await this.#writing(`JSON of step ${session.step}`, () => writeFileAtomic(written.json, text));
    await this.#prune(session.step, session.watch.best?.step, isWithin(written.json));
  }

  /** The checkpoint last written and not settled is none to rely on: its weights give no answers. */
  async takeBack(): Promise<void> {
    const written = this.#written;
    if (!written) return;
    this.#written = null;
    await this.#remove(written.json);
    this.#newest = written.before;
    if (written.before !== "") return;
    await this.#data?.takeBack();
    // that of a run that has none yet
    await rmdir(this.#folder).catch(() => {});
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
    check: RunCheck = { allow: false },
  ): Promise<FoundCheckpoint> {
    if (named !== null && containerOf(named) === "torch")
      return { ...(await adoptMmengineCheckpoint(named, header, check, notice)), path: named };
    if (named !== null) {
      const path = named.replace(/\.(json|safetensors)$/, ".json");
      return this.#read(path, await readCheckpointFile(path), header, notice, check);
    }
    const candidates = await listCheckpoints(this.#folder);
    // which step they are of, nobody can tell: the newest, perhaps
    for (const { problem } of candidates) if (problem) notice(`${problem.summary}; passed over`);
    for (const { path, file } of candidates)
      try {
        if (file) return await this.#read(path, file, header, notice, check);
      } catch (error) {
        if (!(error instanceof DamagedError)) throw error;
        notice(`${error.summary}; trying the one before`);
      }
    const isThere = candidates.length > 0;
    throw new CheckpointError(
      `resume: no ${isThere ? "whole " : ""}checkpoint in ${this.#folder}${isThere ? ", expected one of finite numbers" : ""}`,
      isThere
        ? "another --out starts a new run; to begin again in this folder, remove its checkpoints"
        : "leave --resume away to start a new run",
    );
  }

  async #read(
    path: string,
    file: CheckpointFile,
    header: CheckpointHeader,
    notice: (text: string) => void,
    { allow, allowOtherData = false, data }: RunCheck,
  ): Promise<FoundCheckpoint> {
    // a run that does not fit is told before the hash of a large file is taken
    await data?.compare(path, file);
    const { classes, trainImages } = header;
    expectSameRun(path, { ...file, ...(allow && { classes }), ...(allowOtherData && { trainImages }) }, header);
    const checkpoint = await readCheckpoint(path, file);
    if (file.fileSha256 === undefined)
      notice(`${path} is of a version that wrote no hashes, of it and of its pictures: its fields alone are checked`);
    this.#newest = path.replace(/\.json$/, ".safetensors");
    // a validation that was cut off is added to the checkpoint of this folder, and to no other
    const isOwn = resolve(dirname(path)) === resolve(this.#folder);
    if (isOwn && file.progress.isValidationDue) this.#written = { json: path, file, before: this.#newest };
    return { ...checkpoint, path: this.#newest };
  }

  /**
   * Those beyond `step` were passed over: they stand for nothing that is kept. The best stays however old it is. One of a whole
   * epoch, or of a run's end, replaces all within.
   */
  async #prune(step: number, best: number | undefined, isOneWithin: boolean): Promise<void> {
    const reached = (await listCheckpoints(this.#folder)).filter((one) => one.step <= step);
    const within = reached.filter(({ path }) => isWithin(path));
    const gone = isOneWithin
      ? within.slice(KEPT_WITHIN)
      : [...within, ...reached.filter(({ path }) => !isWithin(path)).slice(this.#kept)].filter(
          (one) => isWithin(one.path) || one.step !== best,
        );
    for (const { path } of gone) await this.#remove(path);
  }

  async #remove(json: string): Promise<void> {
    await rm(json, { force: true });
    await rm(json.replace(/\.json$/, ".safetensors"), { force: true });
  }

  /** Temporary files, and tensors whose JSON was not written any more. */
  async #removeUnfinished(next: string): Promise<void> {
    const names = await readdir(this.#folder);
    const isLeft = (name: string) => unfinished.test(name) || (name !== `${next}.safetensors` && isOrphan(name, names));
    for (const name of names.filter(isLeft)) await rm(join(this.#folder, name), { force: true });
  }

  async #writing(what: string, body: () => Promise<void>): Promise<void> {
    try {
      await body();
    } catch (error) {
      const { code, path } = error as NodeJS.ErrnoException;
      if (!noRoom.includes(code)) throw error;
      const limit = code === "EFBIG" ? " (larger than files may be here: ulimit -f)" : "";
      throw new CheckpointError(
        `checkpoint: no room for the ${what} in ${path ?? this.#folder}${limit}`,
        this.#newest === ""
          ? "free some space, then start again"
          : "the checkpoints before it are whole: free some space, then go on with --resume",
      );
    }
  }
}
