/**
 * Training of any module with a folder: a checkpoint after each epoch, of which the newest are kept, and the weights at the end.
 * Node only.
 */
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { encodeSafetensors, toFileEntries } from "../../models/files/index.js";
import type { Tensor } from "../../tensor/tensor.js";
import { writeFileAtomic } from "../../util/atomic-file.js";
import { CheckpointError } from "../../util/errors.js";
import { readCheckpointBytes } from "../checkpoints/model-file.js";
import type { CheckpointPlace, ModuleTrainResult, TrainModuleOptions } from "./options.js";
import { train } from "./train-module.js";

/** Of a run with a folder: train()'s options, and where its files are. */
export interface TrainInFolderOptions<Y = Tensor, B = unknown> extends Omit<TrainModuleOptions<Y, B>, "resume"> {
  /** Folder for checkpoints and weights; made where missing. Default: nothing is written. */
  readonly out?: string;
  /** Go on from a checkpoint: its bytes, its file, or true for the newest in `out`. */
  readonly resume?: Uint8Array | string | true;
  /** Checkpoints to keep, the newest; older ones are deleted. Default 3. */
  readonly keep?: number;
}

/** What came of a run with a folder. */
export interface FolderTrainResult extends ModuleTrainResult {
  /** The weights, averaged ones where the recipe has averages; null without a folder. */
  readonly modelFile: string | null;
  /** The newest; null without a folder. */
  readonly checkpointFile: string | null;
}

const KEPT = 3;
/** Steps are as wide as numbers that still sort as text. */
const STEP_DIGITS = 9;
const checkpointName = /^step_\d+\.safetensors$/;

async function checkpointsIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => checkpointName.test(name)).sort();
}

async function resumedBytes<Y, B>(
  { resume }: TrainInFolderOptions<Y, B>,
  folder: string | null,
): Promise<Uint8Array | undefined> {
  if (resume === undefined || resume instanceof Uint8Array) return resume;
  if (typeof resume === "string") return readCheckpointBytes(resume);
  const newest = folder === null ? undefined : (await checkpointsIn(folder)).at(-1);
  if (folder === null || newest === undefined)
    throw new CheckpointError(
      `train: resume is true, but ${folder === null ? "there is no out folder" : `${folder} has no checkpoint`}`,
      "leave resume away to start a new run",
    );
  return readCheckpointBytes(join(folder, newest));
}

/** train() of any module, with files. Throws as that, and CheckpointError for files that cannot be read. */
export async function trainInFolder<Y, B>(options: TrainInFolderOptions<Y, B>): Promise<FolderTrainResult> {
  const { out, keep = KEPT, resume: _, checkpoint, ...rest } = options;
  const folder = out === undefined ? null : join(out, "checkpoints");
  const bytes = await resumedBytes(options, folder);
  let checkpointFile: string | null = null;
  const save = async (state: Uint8Array, at: CheckpointPlace): Promise<void> => {
    if (folder !== null) {
      await mkdir(folder, { recursive: true });
      const name = `step_${String(at.step).padStart(STEP_DIGITS, "0")}.safetensors`;
      checkpointFile = join(folder, name);
      await writeFileAtomic(checkpointFile, state);
      // those beyond are of a run that went further before, and are passed over
      const reached = (await checkpointsIn(folder)).filter((one) => one <= name);
      for (const old of reached.slice(0, -keep)) await rm(join(folder, old), { force: true });
    }
    await checkpoint?.(state, at);
  };
  const result = await train({ ...rest, ...(bytes && { resume: bytes }), checkpoint: save });
  if (out === undefined) return { ...result, modelFile: null, checkpointFile };
  const modelFile = join(out, "model.safetensors");
  const entries = await toFileEntries(options.model, result.ema?.averages ?? options.model.stateDict());
  await writeFileAtomic(modelFile, encodeSafetensors(entries, { producer: "tensorone" }, { hashes: true }));
  return { ...result, modelFile, checkpointFile };
}
