/**
 * Training of any module with a folder: checkpoints after each epoch and within it, of which the newest are kept, and the weights at
 * the end.
 * Node only.
 */
import { mkdir, readdir, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { encodeSafetensors, toFileEntries } from "../../models/files/index.js";
import type { Tensor } from "../../tensor/tensor.js";
import { writeFileAtomic } from "../../util/atomic-file.js";
import { CheckpointError } from "../../util/errors.js";
import { readCheckpointBytes } from "../checkpoints/model-file.js";
import { SAVE_EVERY, type SaveEvery } from "../recipes/save-every.js";
import { RunLock } from "../runs/run-lock.js";
import type { CheckpointPlace, ModuleTrainResult, TrainModuleOptions } from "./options.js";
import { expectState } from "./state.js";
import { train } from "./train-module.js";

/** Of a run with a folder: train()'s options, and where its files are. */
export interface TrainInFolderOptions<Y = Tensor, B = unknown>
  extends Omit<TrainModuleOptions<Y, B>, "resume" | "saveEvery"> {
  /** Folder for checkpoints and weights; made where missing. Default: nothing is written. */
  readonly out?: string;
  /** Go on from a checkpoint: its bytes, its file, or true for the newest in `out`. */
  readonly resume?: Uint8Array | string | true;
  /** Checkpoints to keep, the newest; older ones are deleted. Default 3. */
  readonly keep?: number;
  /** As in train(), of which the newest two are kept until the epoch's own is written. Default "10m". */
  readonly saveEvery?: SaveEvery;
  /** Hears what is worth a line: a damaged checkpoint that is passed over, the lock of a run that is gone. */
  readonly onNotice?: (text: string) => void;
}

/** What came of a run with a folder. */
export interface FolderTrainResult extends ModuleTrainResult {
  /** The weights, averaged ones where the recipe has averages; null without a folder. */
  readonly modelFile: string | null;
  /** The newest; null without a folder. */
  readonly checkpointFile: string | null;
}

const KEPT = 3;
/** Of those within an epoch: should the newest turn out damaged, there is one before. */
const KEPT_WITHIN = 2;
/** Steps are as wide as numbers that still sort as text. */
const STEP_DIGITS = 9;
const checkpointName = /^(step|within)_(\d+)\.safetensors$/;

const stepOf = (name: string): number => Number(checkpointName.exec(name)?.[2]);
const isWithin = (name: string): boolean => name.startsWith("within");

/** Oldest first. */
async function checkpointsIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => checkpointName.test(name)).sort((a, b) => stepOf(a) - stepOf(b));
}

/** The newest state that is whole; `onNotice` hears of others. */
async function newestState(folder: string, onNotice: (text: string) => void): Promise<Uint8Array> {
  const names = (await checkpointsIn(folder)).reverse();
  for (const name of names)
    try {
      const path = join(folder, name);
      const bytes = await readCheckpointBytes(path);
      expectState(bytes, path);
      return bytes;
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      onNotice(`${error.summary}; trying the one before`);
    }
  const isThere = names.length > 0;
  throw new CheckpointError(
    `train: resume is true, but ${folder} has no ${isThere ? "whole " : ""}checkpoint`,
    isThere ? "another out starts a new run" : "leave resume away to start a new run",
  );
}

async function resumedBytes<Y, B>(
  { resume, onNotice = () => {} }: TrainInFolderOptions<Y, B>,
  folder: string | null,
): Promise<Uint8Array | undefined> {
  if (resume === undefined || resume instanceof Uint8Array) return resume;
  if (typeof resume === "string") return readCheckpointBytes(resume);
  if (folder !== null) return newestState(folder, onNotice);
  throw new CheckpointError(
    "train: resume is true, but there is no out folder",
    "out names the folder of the run, or leave resume away to start a new one",
  );
}

/** Those that a new checkpoint replaces; those beyond it are of a run that went further before, and are passed over. */
async function prune(folder: string, step: number, { isOneWithin, keep }: { isOneWithin: boolean; keep: number }) {
  const reached = (await checkpointsIn(folder)).filter((name) => stepOf(name) <= step);
  const within = reached.filter(isWithin);
  const gone = isOneWithin
    ? within.slice(0, -KEPT_WITHIN)
    : [...within, ...reached.filter((name) => !isWithin(name)).slice(0, -keep)];
  for (const old of gone) await rm(join(folder, old), { force: true });
}

/** train() of any module, with files. Throws as that, CheckpointError for files that cannot be read, RunFolderError for a folder that another run has. */
export async function trainInFolder<Y, B>(options: TrainInFolderOptions<Y, B>): Promise<FolderTrainResult> {
  const { out, onNotice = () => {} } = options;
  if (out === undefined) return inFolder(options, null);
  await mkdir(out, { recursive: true });
  const lock = await RunLock.take(out, onNotice);
  try {
    return await inFolder(options, lock);
  } finally {
    lock.release();
    // a run that could not begin leaves nothing
    await rmdir(out).catch(() => {});
  }
}

async function inFolder<Y, B>(options: TrainInFolderOptions<Y, B>, lock: RunLock | null): Promise<FolderTrainResult> {
  const { out, keep = KEPT, resume: _, onNotice: __, checkpoint, saveEvery = SAVE_EVERY, ...rest } = options;
  const folder = out === undefined ? null : join(out, "checkpoints");
  const bytes = await resumedBytes(options, folder);
  let checkpointFile: string | null = null;
  const save = async (state: Uint8Array, at: CheckpointPlace): Promise<void> => {
    if (folder !== null) {
      await lock?.expectHeld();
      await mkdir(folder, { recursive: true });
      const { step, isWithin: isOneWithin = false } = at;
      const name = `${isOneWithin ? "within" : "step"}_${String(step).padStart(STEP_DIGITS, "0")}.safetensors`;
      checkpointFile = join(folder, name);
      await writeFileAtomic(checkpointFile, state);
      await prune(folder, step, { isOneWithin, keep });
    }
    await checkpoint?.(state, at);
  };
  const within = folder === null && options.saveEvery === undefined ? {} : { saveEvery };
  const result = await train({ ...rest, ...within, ...(bytes && { resume: bytes }), checkpoint: save });
  if (out === undefined) return { ...result, modelFile: null, checkpointFile };
  await lock?.expectHeld();
  const modelFile = join(out, "model.safetensors");
  const entries = await toFileEntries(options.model, result.ema?.averages ?? options.model.stateDict());
  await writeFileAtomic(modelFile, encodeSafetensors(entries, { producer: "tensorone" }, { hashes: true }));
  return { ...result, modelFile, checkpointFile };
}
