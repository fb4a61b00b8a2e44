/**
 * A checkpoint as bytes: `<name>.safetensors` with averaged weights, raw weights and the optimiser's state
 * (checkpoint-entries.ts), and `<name>.json` with everything else, which names the SHA-256 of the tensors.
 *
 * Data order and augmentation are functions of seed, epoch and position (data/reading/loader), so seed and step are the whole
 * state of random numbers and sampler. Nothing here depends on clock, path or the number of processes: equal runs write
 * equal bytes.
 */
import { createHash } from "node:crypto";
import { basename, join } from "node:path";

import { type DecoderName, decoderNames } from "../../data/codecs/decoder.js";
import { decodeSafetensors, encodeSafetensors, fromFileEntries, toFileEntries } from "../../models/files/index.js";
import type { Recipe } from "../../models/recipe.js";
import type { OptimizerKind } from "../../optim/index.js";
import { findNonFinite, showNonFinite } from "../../tensor/finite.js";
import { scope } from "../../tensor/scope.js";
import { shownInError } from "../../util/clipped.js";
import { CheckpointError } from "../../util/errors.js";
import { parseJson } from "../../util/parse-json.js";
import { differences, firstDifferences } from "../recipes/differences.js";
import { inTodaysForm } from "../recipes/plan.js";
import type { Session } from "../steps/session.js";
import type { WatchState } from "../steps/validation-watch.js";

import { joinEntries, namedEntries, splitEntries } from "./checkpoint-entries.js";
import { describe, readCheckpointBytes } from "./model-file.js";
import { fromOptimizerEntries, startedParameters, toOptimizerEntries } from "./optimizer-entries.js";

const FORMAT = "tensorone-checkpoint-1";

/** What a run is: what has to be the same for it to go on, and who decodes, which may change where the pixels do not. */
export interface CheckpointHeader {
  readonly recipe: Recipe;
  readonly seed: number;
  readonly replicas: number;
  readonly numClasses: number;
  readonly classes: readonly string[];
  readonly trainImages: number;
  readonly decoder: DecoderName;
}

export interface CheckpointFile extends Omit<CheckpointHeader, "decoder"> {
  /** Absent from files of versions that decoded by jpeg-js unless told otherwise, and did not keep it. */
  readonly decoder?: DecoderName;
  readonly format: string;
  readonly tensors: string;
  readonly sha256: string;
  readonly progress: { readonly step: number; readonly epoch: number; readonly stepInEpoch: number };
  readonly ema: { readonly steps: number };
  /** What the run remembers of its validations; absent where its recipe asks for nothing. */
  readonly watch?: WatchState;
  /** How many parameters have a state. */
  readonly optimizer: { readonly kind: OptimizerKind; readonly parameters: number };
}

/** The two files of a checkpoint. */
export interface Checkpoint {
  readonly file: CheckpointFile;
  readonly bytes: Uint8Array;
}

/** A checkpoint that is not whole, or holds numbers that are not finite: the one before it may be sound. */
export class DamagedError extends CheckpointError {}

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** The state of a session, to be written under `name`. Throws DivergedError where a number of it is not finite. */
export async function encodeCheckpoint(session: Session, header: CheckpointHeader, name: string): Promise<Checkpoint> {
  const { model, ema, optimizer, step, epoch, stepInEpoch } = session;
  const watch = session.watch.state();
  const entries = {
    averages: await toFileEntries(model, ema.averages),
    raw: await toFileEntries(model),
    optimizer: await toOptimizerEntries(model, optimizer.state()),
  };
  const found = findNonFinite(namedEntries(entries), { as: "float32" });
  if (found) throw session.diverged(`${showNonFinite(found)} after step ${step}`);
  const bytes = encodeSafetensors(joinEntries(entries), describe(model, header));
  const file: CheckpointFile = {
    format: FORMAT,
    tensors: `${name}.safetensors`,
    sha256: sha256(bytes),
    progress: { step, epoch, stepInEpoch },
    ema: { steps: ema.steps },
    ...(watch && { watch }),
    optimizer: { kind: header.recipe.optimizer.kind, parameters: startedParameters(entries.optimizer) },
    ...header,
  };
  return { file, bytes };
}

/** Puts everything into a fresh session of the same run. Throws CheckpointError or StateDictError where it does not fit. */
export function restoreCheckpoint({ file, bytes }: Checkpoint, session: Session): void {
  const { entries } = decodeSafetensors(bytes, file.tensors);
  const { model, ema, optimizer } = session;
  const { averages, raw, optimizer: slots } = splitEntries(entries);
  scope(() => {
    model.loadStateDict(fromFileEntries(model, raw));
    ema.loadState({ steps: file.ema.steps, averages: fromFileEntries(model, averages) });
    optimizer.loadState(fromOptimizerEntries(model, slots));
  });
  if (file.watch) session.watch.loadState(file.watch);
  session.step = file.progress.step;
}

/** Reads the JSON of a checkpoint. Throws DamagedError where it is none. */
export async function readCheckpointFile(path: string): Promise<CheckpointFile> {
  const notJson = () => new DamagedError(`${path}: it is not JSON, the file is damaged`);
  const file = parseJson(
    await readCheckpointBytes(path, "jsonBytes"),
    path,
    DamagedError,
    notJson,
  ) as Partial<CheckpointFile>;
  if (
    file?.format !== FORMAT ||
    !Number.isInteger(file.progress?.step) ||
    typeof file.tensors !== "string" ||
    !file.recipe?.ema
  )
    throw new DamagedError(`${path}: format ${shownInError(file?.format)}, expected ${FORMAT}`);
  const { decoder } = file;
  if (decoder !== undefined && !decoderNames.includes(decoder))
    throw new DamagedError(`${path}: decoder ${shownInError(decoder)}, expected one of ${decoderNames.join(", ")}`);
  // runs of one replica once did not say so, and recipes not how they were planned
  return { replicas: 1, ...file, recipe: inTodaysForm(file.recipe!) } as CheckpointFile;
}

/** Reads both files. Throws DamagedError unless they are whole, belong together and hold finite numbers. */
export async function readCheckpoint(path: string): Promise<Checkpoint> {
  const file = await readCheckpointFile(path);
  const tensors = join(path, "..", basename(file.tensors));
  const bytes = await readCheckpointBytes(tensors).catch((error: CheckpointError) => {
    throw new DamagedError(error.summary);
  });
  if (sha256(bytes) !== file.sha256)
    throw new DamagedError(`${tensors}: its SHA-256 is not the one in ${basename(path)}, the file is damaged`);
  const found = findNonFinite(namedEntries(splitEntries(decodeSafetensors(bytes, tensors).entries)));
  if (found) throw new DamagedError(`${tensors}: ${showNonFinite(found)}, expected finite numbers`);
  return { file, bytes };
}

/** Throws CheckpointError naming what differs from the run at hand. */
export function expectSameRun(path: string, file: CheckpointFile, header: CheckpointHeader): void {
  const fixed = ({ recipe, seed, replicas, numClasses, classes, trainImages }: Omit<CheckpointHeader, "decoder">) => {
    return { recipe: inTodaysForm(recipe), seed, replicas, numClasses, classes, trainImages };
  };
  const changed = differences(fixed(file), fixed(header));
  if (changed.length > 0)
    throw new CheckpointError(
      `${path}: belongs to another run: ${firstDifferences(changed)}`,
      "resume with the same data, and with no option that the run was started with; --init starts a new run from its weights",
    );
}
