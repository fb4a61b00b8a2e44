/**
 * What the fields of a checkpoint's JSON may be, and how they hang together: two tables. A flipped bit is found by its hash; these
 * find what was written wrong, or changed by hand, and what files without a hash hold.
 */
import { type DecoderName, decoderNames } from "../../data/codecs/decoder.js";
import { isContentsRule } from "../../data/sets/picture-contents.js";
import type { PictureListInfo } from "../../data/sets/picture-list.js";
import { metricNames, type Recipe } from "../../models/recipe.js";
import { type GradScalerState, type OptimizerKind, optimizerKinds } from "../../optim/index.js";
import { UsageError } from "../../util/errors.js";
import type { StepSums } from "../loggers/step-averages.js";
import { shownValue } from "../recipes/config/expected.js";
import { type Fault, overlayFields } from "../recipes/config/overlay.js";
import { recipeFields } from "../recipes/config/recipe-fields.js";
import {
  choice,
  either,
  type Fields,
  type FieldsOf,
  flag,
  list,
  number,
  object,
  orNull,
  type RuleOf,
  share,
  text,
  whole,
} from "../recipes/config/rules.js";
import { epochLength } from "../recipes/epoch-length.js";
import type { WatchState } from "../steps/validation-watch.js";

import type { DataFingerprint } from "./data-check.js";

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
  /** step = epoch · stepsPerEpoch + stepInEpoch; earlier versions did not write stepsPerEpoch. */
  readonly progress: {
    readonly step: number;
    readonly epoch: number;
    readonly stepInEpoch: number;
    readonly stepsPerEpoch?: number;
    /** Written at the end of an epoch's steps, before its validation; else absent. */
    readonly isValidationDue?: true;
  };
  /** The pictures of the run; absent from files of versions that did not keep it. */
  readonly data?: DataFingerprint;
  /** What logs average over steps; absent from files of versions that did not keep it. */
  readonly averages?: StepSums;
  readonly ema: { readonly steps: number };
  /** What the run remembers of its validations; absent where its recipe asks for nothing. */
  readonly watch?: WatchState;
  /** Where the loss scale stands; absent where the recipe stores no float16. */
  readonly scaler?: GradScalerState;
  /** How many parameters have a state. */
  readonly optimizer: { readonly kind: OptimizerKind; readonly parameters: number };
  /** Of the file itself, as it was read (util/sealed-json); absent from files of versions that wrote none. */
  readonly fileSha256?: string;
}

const count = () => whole({ min: 0 });
/** A field that is there only where it holds. */
const truth = { kind: "flag" } as RuleOf<true>;
const anyText = () => either(text(), choice([""]));

/** Versions from before a field existed do not write it. */
const BEFORE = "files of earlier versions";

const headerFields: FieldsOf<CheckpointHeader> = {
  recipe: {
    // a model's name is looked up where the model is made
    rule: object<Recipe>({ ...recipeFields, model: { rule: text(), doc: "what is trained" } }),
    doc: "what the run follows",
  },
  seed: { rule: count(), doc: "of weights, order and augmentation" },
  replicas: { rule: whole({ min: 1, max: 4096 }), doc: "batches of a step" },
  numClasses: { rule: whole(), doc: "outputs of the model" },
  classes: { rule: list(anyText()), doc: "their names" },
  trainImages: { rule: whole(), doc: "pictures of the training set" },
  decoder: { rule: choice(decoderNames), doc: "what decodes JPEG" },
};

const watchFields: FieldsOf<WatchState> = {
  step: { rule: count(), doc: "of the last validation that counted" },
  best: {
    rule: orNull(
      object<NonNullable<WatchState["best"]>>({
        metric: { rule: choice(metricNames), doc: "the figure" },
        value: { rule: number(), doc: "percent, or the loss" },
        step: { rule: whole(), doc: "when it was" },
        isRaw: { rule: flag(), doc: "of which weights" },
      }),
    ),
    doc: "the best so far",
  },
  stopping: {
    rule: orNull(
      object<NonNullable<WatchState["stopping"]>>({
        value: { rule: orNull(number()), doc: "the figure to beat" },
        waited: { rule: count(), doc: "validations that have not" },
      }),
    ),
    doc: "for early stopping",
  },
};

const listFields: FieldsOf<PictureListInfo> = {
  pictures: { rule: whole(), doc: "how many" },
  sha256: { rule: text(), doc: "of their list" },
  contents: { rule: text(), doc: "how much of them was read" },
};

const sumFields: FieldsOf<StepSums> = {
  epoch: {
    rule: object<StepSums["epoch"]>({
      steps: { rule: count(), doc: "steps of the epoch so far" },
      loss: { rule: number(), doc: "the sum of their losses" },
      accuracy: { rule: number({ min: 0 }), doc: "the sum of their shares" },
    }),
    doc: "sums over the epoch",
  },
  recent: {
    rule: object<StepSums["recent"]>({
      weight: { rule: share(), doc: "weight of all values" },
      loss: { rule: number(), doc: "weighted sum of the losses" },
      accuracy: { rule: share(), doc: "weighted sum of the shares" },
    }),
    doc: "a mean that forgets",
  },
};

/** As it stands in the file: fields of earlier versions, and without those that came later. */
interface StoredFile extends Omit<CheckpointFile, "optimizer" | "replicas" | "fileSha256"> {
  readonly replicas?: number;
  readonly optimizer: Partial<CheckpointFile["optimizer"]> & { readonly momentumBuffers?: number };
}

const storedFields: FieldsOf<StoredFile> = {
  ...headerFields,
  replicas: { ...headerFields.replicas, absent: BEFORE },
  decoder: { ...headerFields.decoder, absent: BEFORE },
  format: { rule: text(), doc: "what this file is" },
  tensors: { rule: text(), doc: "the file of its tensors, in the same folder" },
  sha256: { rule: text(), doc: "of that file" },
  progress: {
    rule: object<CheckpointFile["progress"]>({
      step: { rule: count(), doc: "steps done" },
      epoch: { rule: count(), doc: "whole epochs among them" },
      stepInEpoch: { rule: count(), doc: "steps beyond these" },
      stepsPerEpoch: { rule: whole(), doc: "steps of an epoch", absent: BEFORE },
      isValidationDue: {
        rule: truth,
        doc: "whether the validation of these steps is still to come",
        absent: "it is not",
      },
    }),
    doc: "where the run stands",
  },
  data: {
    rule: object<DataFingerprint>({
      train: { rule: object(listFields), doc: "the training set" },
      val: { rule: orNull(object(listFields)), doc: "the validation set" },
    }),
    doc: "the pictures of the run",
    absent: BEFORE,
  },
  averages: { rule: object(sumFields), doc: "what logs average over steps", absent: BEFORE },
  ema: {
    rule: object<CheckpointFile["ema"]>({ steps: { rule: count(), doc: "updates of the average" } }),
    doc: "the moving average",
  },
  watch: { rule: object(watchFields), doc: "what the run remembers of its validations", absent: "nothing" },
  scaler: {
    rule: object<GradScalerState>({
      scale: { rule: number({ above: 0 }), doc: "factor of the next loss" },
      growthTracker: { rule: count(), doc: "finite steps since it changed" },
      skippedSteps: { rule: count(), doc: "steps that moved nothing" },
    }),
    doc: "the loss scale of float16",
    absent: "none",
  },
  optimizer: {
    rule: object<StoredFile["optimizer"]>({
      kind: { rule: choice(optimizerKinds), doc: "which one", absent: BEFORE },
      parameters: { rule: count(), doc: "parameters that have a state", absent: BEFORE },
      momentumBuffers: { rule: count(), doc: "the same of SGD, as it was called once", absent: "now" },
    }),
    doc: "what the optimiser keeps",
  },
};

/** How fields hang together: what is wrong with them, or null. All of them are within their ranges. */
type Relation = (file: CheckpointFile) => string | null;

const unless = (isRight: boolean, problem: string): string | null => (isRight ? null : problem);
const hexDigits = /^[0-9a-f]{64}$/;

/** Steps of an epoch: as the file says, else as its pictures give them; null where classes in turn decide, whose counts it lacks. */
function stepsPerEpochOf({ progress, recipe, trainImages, replicas }: CheckpointFile): number | null {
  if (progress.stepsPerEpoch !== undefined) return progress.stepsPerEpoch;
  return recipe.sampling?.balanced ? null : epochLength(recipe, trainImages, replicas).steps;
}

const relations: readonly Relation[] = [
  ({ tensors }) =>
    unless(/^[^/\\]+\.safetensors$/.test(tensors), `tensors: ${shownValue(tensors)}, expected NAME.safetensors`),
  ({ sha256 }) => unless(hexDigits.test(sha256), `sha256: ${shownValue(sha256)}, expected 64 hex digits`),
  ({ data }) => {
    const lists = [data?.train, data?.val].filter((list) => list !== undefined && list !== null);
    const wrong = lists.find(({ sha256, contents }) => !hexDigits.test(sha256) || !isContentsRule(contents));
    return unless(wrong === undefined, `data: ${shownValue(wrong)}, expected the hash of a list, and whole or middle`);
  },
  ({ data, trainImages }) =>
    unless(
      (data?.train.pictures ?? trainImages) === trainImages,
      `data.train.pictures: ${data?.train.pictures}, expected trainImages, ${trainImages}`,
    ),
  ({ classes, numClasses }) =>
    unless(classes.length === numClasses, `numClasses: ${numClasses}, expected the ${classes.length} of classes`),
  ({ optimizer, recipe }) =>
    unless(
      (optimizer.kind ?? "sgd") === recipe.optimizer.kind,
      `optimizer.kind: ${optimizer.kind}, expected the recipe's ${recipe.optimizer.kind}`,
    ),
  (file) => {
    const { step, epoch, stepInEpoch } = file.progress;
    const per = stepsPerEpochOf(file);
    if (per === null) return unless(stepInEpoch <= step, `progress.step: ${step}, below stepInEpoch ${stepInEpoch}`);
    return unless(
      step === epoch * per + stepInEpoch && stepInEpoch < per,
      `progress.step: ${step}, expected epoch ${epoch} x ${per} steps + ${stepInEpoch}, of less than ${per}`,
    );
  },
  ({ averages, progress: { step } }) =>
    unless((averages?.epoch.steps ?? 0) <= step, `averages.epoch.steps: ${averages?.epoch.steps}, beyond step ${step}`),
  (file) => {
    const per = stepsPerEpochOf(file);
    const last = per === null ? Infinity : file.recipe.epochs * per;
    return unless(file.progress.step <= last, `progress.step: ${file.progress.step}, beyond the run's last, ${last}`);
  },
  ({ ema, progress: { step } }) => unless(ema.steps <= step, `ema.steps: ${ema.steps}, beyond step ${step}`),
  ({ scaler, recipe }) =>
    unless(
      (scaler === undefined) === (recipe.precision === undefined),
      `scaler: ${scaler === undefined ? "absent" : "there"}, expected one where the recipe stores float16`,
    ),
  ({ scaler, progress: { step } }) =>
    unless(
      (scaler?.skippedSteps ?? 0) + (scaler?.growthTracker ?? 0) <= step,
      `scaler.skippedSteps: ${scaler?.skippedSteps}, with growthTracker ${scaler?.growthTracker} beyond step ${step}`,
    ),
  ({ watch, progress: { step } }) =>
    unless((watch?.step ?? 0) <= step, `watch.step: ${watch?.step}, beyond step ${step}`),
  ({ watch }) =>
    unless((watch?.best?.step ?? 0) <= (watch?.step ?? 0), `watch.best.step: ${watch?.best?.step}, beyond watch.step`),
];

/** Everything that is out of its range; `json` as it stands in a file, with the recipe in today's form. */
export function faultsOf(json: { readonly [name: string]: unknown }): readonly Fault[] {
  const faults: Fault[] = [];
  overlayFields(storedFields as unknown as Fields, undefined, json, "", faults);
  return faults;
}

/** The first relation that does not hold, in words; null where all do. */
export function brokenRelation(file: CheckpointFile): string | null {
  for (const relation of relations) {
    const problem = relation(file);
    if (problem !== null) return problem;
  }
  return null;
}

/** Before a run begins: what no checkpoint of it could be read with. Throws UsageError. */
export function expectStorable(header: CheckpointHeader): void {
  const faults: Fault[] = [];
  // as it comes back from a file: without what is undefined
  const stored = JSON.parse(JSON.stringify(header)) as { readonly [name: string]: unknown };
  overlayFields(headerFields as unknown as Fields, undefined, stored, "", faults);
  const [first] = faults;
  if (first) throw new UsageError(`train: ${first.text}`, first.hint);
}
