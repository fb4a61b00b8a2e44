/**
 * A checkpoint as bytes: `<name>.safetensors` with averaged weights, raw weights and the optimiser's state
 * (checkpoint-entries.ts), and `<name>.json` with everything else, which names the SHA-256 of the tensors and ends with its own.
 *
 * Data order and augmentation are functions of seed, epoch and position (data/reading/loader), so seed and step are the whole
 * state of random numbers and sampler. Nothing here depends on clock, path or the number of processes: equal runs write
 * equal bytes.
 */
import { basename, join } from "node:path";

import {
  type DecodedFile,
  decodeSafetensors,
  encodeSafetensors,
  fromFileEntries,
  toFileEntries,
} from "../../models/files/index.js";
import type { Recipe } from "../../models/recipe.js";
import { findNonFinite, showNonFinite } from "../../tensor/finite.js";
import { scope } from "../../tensor/scope.js";
import { shownInError } from "../../util/clipped.js";
import { CheckpointError } from "../../util/errors.js";
import { readSealedJson, sealJson } from "../../util/sealed-json.js";
import { sha256 } from "../../util/sha256.js";
import { StepAverages } from "../loggers/step-averages.js";
import { differences, firstDifferences } from "../recipes/differences.js";
import { inTodaysForm } from "../recipes/plan.js";
import type { Session } from "../steps/session.js";

import { joinEntries, namedEntries, splitEntries } from "./checkpoint-entries.js";
import { brokenRelation, type CheckpointFile, type CheckpointHeader, faultsOf } from "./checkpoint-fields.js";
import type { DataFingerprint } from "./data-check.js";
import { describe, readCheckpointBytes } from "./model-file.js";
import { fromOptimizerEntries, startedParameters, toOptimizerEntries } from "./optimizer-entries.js";

export type { CheckpointFile, CheckpointHeader } from "./checkpoint-fields.js";

const FORMAT = "tensorone-checkpoint-1";

/** The two files of a checkpoint. */
export interface Checkpoint {
  readonly file: CheckpointFile;
  readonly bytes: Uint8Array;
}

/** A checkpoint that is not whole, or holds numbers that are not finite: the one before it may be sound. */
export class DamagedError extends CheckpointError {}

/** The state of a session, to be written under `name`. Throws DivergedError where a number of it is not finite. */
export async function encodeCheckpoint(
  session: Session,
  header: CheckpointHeader,
  name: string,
  data?: DataFingerprint,
): Promise<Checkpoint> {
  const { model, ema, optimizer, step } = session;
  const entries = {
    averages: await toFileEntries(model, ema.averages),
    raw: await toFileEntries(model),
    optimizer: await toOptimizerEntries(model, optimizer.state()),
  };
  const found = findNonFinite(namedEntries(entries), { as: "float32" });
  if (found) throw session.diverged(`${showNonFinite(found)} after step ${step}`);
  const bytes = encodeSafetensors(joinEntries(entries), describe(model, header), { hashes: true });
  const file: CheckpointFile = {
    format: FORMAT,
    tensors: `${name}.safetensors`,
    sha256: sha256(bytes),
    ...placeOf(session),
    ema: { steps: ema.steps },
    ...(session.scaler && { scaler: session.scaler.state() }),
    optimizer: { kind: header.recipe.optimizer.kind, parameters: startedParameters(entries.optimizer) },
    ...header,
    ...(data && { data }),
  };
  return { file, bytes };
}

/** Where a session stands, and what it remembers of its steps and validations: all that a validation changes of a checkpoint. */
export function placeOf(session: Session): Pick<CheckpointFile, "progress" | "averages" | "watch"> {
  const { step, epoch, stepInEpoch, stepsPerEpoch, isValidationDue, averages } = session;
  const watch = session.watch.state();
  return {
    progress: { step, epoch, stepInEpoch, stepsPerEpoch, ...(isValidationDue && { isValidationDue }) },
    averages: averages.sums,
    ...(watch && { watch }),
  };
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
  if (file.scaler) session.scaler?.loadState(file.scaler);
  if (file.watch) session.watch.loadState(file.watch);
  session.step = file.progress.step;
  session.averages = new StepAverages(file.averages);
  session.isValidationDue = file.progress.isValidationDue ?? false;
}

/** The text of its JSON, which ends with its own hash. */
export const checkpointText = (file: CheckpointFile): string => sealJson(file, 1);

const isObject = (value: unknown): value is { readonly [name: string]: unknown } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * The JSON of a checkpoint from its bytes; `path` names it in errors. Throws DamagedError for a file that does not match its hash, and
 * for fields that are missing, unknown, out of their range, or do not fit together.
 */
export function decodeCheckpointFile(bytes: Uint8Array, path: string): CheckpointFile {
  const damaged = (what: string): DamagedError => new DamagedError(`${path}: ${what}, the file is damaged`);
  const { value, seal, problem } = readSealedJson(bytes, path, DamagedError, damaged);
  const format = isObject(value) ? value.format : undefined;
  if (!isObject(value) || format !== FORMAT)
    throw new DamagedError(`${path}: format ${shownInError(format)}, expected ${FORMAT}`);
  // runs of one replica once did not say so, and recipes not how they were planned
  const { recipe } = value;
  const isRecipe = isObject(recipe) && isObject(recipe.optimizer) && isObject(recipe.ema);
  // in the order of the file, which may be written again
  const json = {
    ...(value.replicas === undefined && { replicas: 1 }),
    ...value,
    recipe: isRecipe ? inTodaysForm(recipe as unknown as Recipe) : recipe,
  };
  const [fault] = faultsOf(json);
  const detail = fault?.text ?? brokenRelation(json as unknown as CheckpointFile);
  if (problem !== null) throw damaged(detail === null ? problem : `${problem}; ${detail}`);
  if (detail !== null) throw damaged(detail);
  return { ...(json as unknown as CheckpointFile), ...(seal !== null && { fileSha256: seal }) };
}

/** Reads the JSON of a checkpoint. Throws DamagedError as decodeCheckpointFile does. */
export const readCheckpointFile = async (path: string): Promise<CheckpointFile> =>
  decodeCheckpointFile(await readCheckpointBytes(path, "jsonBytes"), path);

/**
 * Throws DamagedError unless the bytes of the tensors are those that `file` was written with, naming the entry that is not, and hold
 * finite numbers; `path` names them in errors.
 */
export function expectTensorsOf(file: CheckpointFile, bytes: Uint8Array, path: string): void {
  let entries: DecodedFile["entries"];
  try {
    entries = decodeSafetensors(bytes, path).entries;
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    throw new DamagedError(error.summary, error.hint);
  }
  if (sha256(bytes) !== file.sha256)
    throw new DamagedError(`${path}: its SHA-256 is not the one in its JSON, the file is damaged`);
  const parts = splitEntries(entries);
  const found = findNonFinite(namedEntries(parts));
  if (found) throw new DamagedError(`${path}: ${showNonFinite(found)}, expected finite numbers`);
  const { parameters } = file.optimizer;
  const started = startedParameters(parts.optimizer);
  if (parameters !== undefined && parameters !== started)
    throw new DamagedError(`${path}: ${started} parameters have a state, its JSON says ${parameters}`);
}

/** Reads both files, or the tensors of a JSON that was read. Throws DamagedError unless they are whole, belong together and hold finite numbers. */
export async function readCheckpoint(path: string, known?: CheckpointFile): Promise<Checkpoint> {
  const file = known ?? (await readCheckpointFile(path));
  const tensors = join(path, "..", basename(file.tensors));
  const bytes = await readCheckpointBytes(tensors).catch((error: CheckpointError) => {
    throw new DamagedError(error.summary);
  });
  expectTensorsOf(file, bytes, tensors);
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
