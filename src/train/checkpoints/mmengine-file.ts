/**
 * Runs that move between mmengine and here: its epoch_N.pth as a checkpoint of ours, so that `train --resume` goes on with
 * it, and ours as a file that its Runner resumes. What such files look like is known in io/mmengine-checkpoint.ts.
 */
import {
  decodeSafetensors,
  decodeTorchFile,
  encodeMmengineCheckpoint,
  encodeSafetensors,
  expectFiniteEntries,
  isTorchFile,
  type Metadata,
  type OptimizerNumbers,
  readMmengineCheckpoint,
  type SchedulerCounts,
  type TrainingState,
} from "../../models/files/index.js";
import { familyOf } from "../../models/index.js";
import type { Recipe } from "../../models/recipe.js";
import { completeChoice, keptBy } from "../../optim/index.js";
import { writeFileAtomic } from "../../util/atomic-file.js";
import { CheckpointError } from "../../util/errors.js";
import { epochLength } from "../recipes/epoch-length.js";
import { ratesAt, warmupSteps } from "../recipes/schedule.js";
import { type Entries, joinEntries, namedEntries, splitEntries } from "./checkpoint-entries.js";
import { type Checkpoint, type CheckpointHeader, readCheckpoint } from "./checkpoint-format.js";
import { type ClassCheck, compareClasses } from "./class-names.js";
import { readCheckpointBytes } from "./model-file.js";
import { type OptimizerEntries, startedParameters } from "./optimizer-entries.js";

/** γ and β of a batch norm, by mmpretrain's names. */
const NORM = /norm\.(weight|bias)$/;

/**
 * Everything a run needs to go on, from a checkpoint of ours (either of its two files) or an epoch_N.pth of mmengine's:
 * raw and averaged weights, the optimiser's state, how far it is. Throws CheckpointError, also for numbers that are not finite.
 */
export async function readTrainingCheckpoint(path: string): Promise<TrainingState> {
  const bytes = await readCheckpointBytes(path);
  if (!isTorchFile(bytes)) return stateOf(await readCheckpoint(jsonOf(path)));
  const state = readMmengineCheckpoint(decodeTorchFile(bytes, path), bytes.length, path);
  expectFiniteEntries(namedEntries(state), path, { as: "float32" });
  return state;
}

const jsonOf = (path: string): string => path.replace(/\.(json|safetensors)$/, ".json");

function stateOf({ file, bytes }: Checkpoint): TrainingState {
  const { entries } = decodeSafetensors(bytes, file.tensors);
  return {
    ...splitEntries(entries),
    averageSteps: file.ema.steps,
    step: file.progress.step,
    epoch: file.progress.epoch,
    seed: file.seed,
    classes: file.classes,
  };
}

/**
 * mmengine's checkpoint as one of the run at hand, which has to have its classes and as many steps in an epoch. Order and
 * augmentation of the pictures to come are this package's. Throws CheckpointError.
 */
export async function adoptMmengineCheckpoint(
  path: string,
  header: CheckpointHeader,
  check: ClassCheck = { allow: false },
  notice: (text: string) => void = () => {},
): Promise<Checkpoint> {
  expectNames(path, header.recipe);
  expectPlainSteps(path, header.recipe);
  const state = await readTrainingCheckpoint(path);
  const { raw, averages, optimizer, averageSteps, step, epoch } = state;
  const numClasses = raw.get("head.fc.bias")?.shape[0];
  if (numClasses !== header.numClasses)
    throw new CheckpointError(`${path}: trained on ${numClasses} classes, the data set has ${header.numClasses}`);
  if (state.classes !== null) {
    const own = { where: path, names: state.classes, count: state.classes.length };
    const line = compareClasses(own, { where: "the data set", names: header.classes, count: header.numClasses }, check);
    if (line !== null) notice(line);
  }
  const { steps: stepsPerEpoch } = epochLength(header.recipe, header.trainImages, header.replicas);
  if (step !== epoch * stepsPerEpoch)
    throw new CheckpointError(
      `${path}: is ${step} steps or ${epoch} epochs far, here ${epoch} epochs have ${epoch * stepsPerEpoch} steps`,
      "resume with the same data and batch size, or start a new run from its weights with --init",
    );
  const { kind } = header.recipe.optimizer;
  expectSlots(path, optimizer, header.recipe);
  const bytes = encodeSafetensors(joinEntries({ averages, raw, optimizer }));
  return {
    file: {
      format: "mmengine",
      tensors: path,
      sha256: "",
      progress: { step, epoch, stepInEpoch: 0 },
      ema: { steps: averageSteps },
      optimizer: { kind, parameters: startedParameters(optimizer) },
      ...header,
    },
    bytes,
  };
}

/** Throws CheckpointError for a recipe whose steps mmengine counts otherwise, or that moves parameters at several rates or not at all. */
function expectPlainSteps(path: string, { accumulate = 1, transfer }: Recipe): void {
  if (transfer)
    throw new CheckpointError(
      `${path}: a recipe with frozen stages, normEval or a rate of the head's own, expected one that moves all at one rate`,
      "weights alone can go to mmengine: convert without --full",
    );
  if (accumulate === 1) return;
  throw new CheckpointError(
    `${path}: a step of the recipe takes ${accumulate} batches, of mmengine's checkpoints one`,
    "without --accumulate, or start a new run from its weights with --init",
  );
}

/** Throws CheckpointError for the state of another optimiser than the recipe's. */
function expectSlots(path: string, found: OptimizerEntries, { optimizer }: Recipe): void {
  const { slots, countsSteps } = keptBy(optimizer);
  const expected = [...slots, ...(countsSteps ? ["step"] : [])];
  if (found.size === 0 || (found.size === expected.length && expected.every((slot) => found.has(slot)))) return;
  throw new CheckpointError(
    `${path}: its optimizer keeps ${[...found.keys()].join(", ")}, the recipe's ${optimizer.kind} ${expected.join(", ")}`,
    "go on with the optimizer that it was trained with, or start a new run from its weights with --init",
  );
}

/**
 * Writes a checkpoint of ours, taken at the end of an epoch, as an epoch_N.pth that mmengine's Runner resumes under the
 * same recipe; `names` are those of the model's state dict in its order. Throws CheckpointError for one from within an
 * epoch, where mmengine cannot go on.
 */
export async function convertToMmengine(path: string, out: string, names: Iterable<string>): Promise<void> {
  const checkpoint = await readCheckpoint(jsonOf(path));
  const { recipe, progress, classes } = checkpoint.file;
  expectNames(path, recipe);
  expectPlainSteps(path, recipe);
  const { step, epoch, stepInEpoch } = progress;
  if (stepInEpoch !== 0 || epoch === 0)
    throw new CheckpointError(
      `${path}: is ${stepInEpoch} steps into epoch ${epoch + 1}, expected the end of an epoch`,
      "mmengine goes on from epochs only: choose a checkpoint called epoch_…",
    );
  const stepsPerEpoch = step / epoch;
  const { schedule, epochs } = recipe;
  const { kind: _, ...options } = completeChoice(recipe.optimizer);
  const rates = ratesAt(recipe, step, stepsPerEpoch);
  const numbersOf = (parameter: string): OptimizerNumbers => {
    const base = NORM.test(parameter) ? (schedule.normWeightDecay ?? 0) : options.weightDecay;
    const weightDecay = rates.weightDecay(base);
    return { ...options, lr: rates.lr, initialLr: options.lr, weightDecay, initialWeightDecay: base };
  };
  const schedulers = [
    counts(step, 0, warmupSteps(recipe, stepsPerEpoch)),
    counts(epoch, Math.round(schedule.warmupEpochs), epochs),
    counts(epoch, 0, epochs),
  ];
  const metadata: Metadata = { classes: JSON.stringify(classes) };
  const state = inOrder(stateOf(checkpoint), names);
  await writeFileAtomic(out, encodeMmengineCheckpoint(state, metadata, { numbersOf, schedulers }));
}

/** Throws CheckpointError for a model that has other names than mmengine's files: their optimiser state goes by name and order. */
function expectNames(path: string, { model }: Pick<Recipe, "model">): void {
  const { name, ownKeys } = familyOf(model);
  if (ownKeys === "mmpretrain") return;
  throw new CheckpointError(
    `${path}: a run of ${name}, whose models have the names of ${ownKeys}, expected mmpretrain's`,
    "weights alone can go there: convert IN OUT.pth --keys mmpretrain",
  );
}

/** A file has wide elements first, but an optimiser's tensors are told apart by their place in the model alone. */
function inOrder(state: TrainingState, names: Iterable<string>): TrainingState {
  const order = [...names];
  const sorted = (entries: Entries): Entries =>
    new Map(order.flatMap((name) => (entries.has(name) ? [[name, entries.get(name)!]] : [])));
  const optimizer = new Map([...state.optimizer].map(([slot, entries]) => [slot, sorted(entries)]));
  return { ...state, raw: sorted(state.raw), averages: sorted(state.averages), optimizer };
}

/** mmengine's counters after `moves` moves of a scheduler that works from `begin` to before `end` (_ParamScheduler.step). */
function counts(moves: number, begin: number, end: number): SchedulerCounts {
  return { globalStep: moves, lastStep: Math.max(-1, Math.min(moves, end - 1) - begin) };
}
