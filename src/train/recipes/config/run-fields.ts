/**
 * What a run is asked for beside its recipe: kept in its run.json, and the section "run" of configs.
 */
import { type DecoderName, decoderNames } from "../../../data/codecs/decoder.js";
import { type BadPictureChoice, badPictureChoices } from "../../../data/reading/bad-pictures.js";
import type { DataSource } from "../../../data/sets/dataset.js";
import type { SaveEvery } from "../save-every.js";
import { choice, either, type FieldsOf, flag, list, number, orNull, text, whole } from "./rules.js";

/** Options of `train` that a resumed run takes over unless they are given again. */
export interface RunSettings {
  /** Absolute; null for the bundled demo set. */
  readonly data: DataSource | null;
  /** null: the default, where no pictures are marked for validation. */
  readonly valFraction: number | null;
  readonly onBadPicture: BadPictureChoice;
  /** null until the run has chosen. */
  readonly decoder: DecoderName | null;
  /** A backend's name: the command line knows which there are. */
  readonly backend: string;
  /** null until the run has found out whether it works. */
  readonly turbo: boolean | null;
  readonly noValidate: boolean;
  readonly validateRaw: boolean;
  readonly keep: number;
  readonly saveEvery: SaveEvery;
  readonly checkEvery: number;
}

/** A row for each of RunSettings; the compiler names one that is missing. */
export const settingFields: FieldsOf<RunSettings> = {
  data: {
    rule: orNull(either(text(), list(text()))),
    doc: "the data set, or several, from the folder of the config; null: the bundled demo set",
  },
  valFraction: {
    rule: orNull(number({ min: 0, below: 1 })),
    doc: "share of the pictures held out for validation where none are marked for it; null: a fifth",
  },
  onBadPicture: { rule: choice(badPictureChoices), doc: "what becomes of the run at a picture that cannot be read" },
  decoder: { rule: orNull(choice(decoderNames)), doc: "what decodes JPEG; null: the best that is installed" },
  backend: { rule: text(), doc: "what runs the ops" },
  turbo: { rule: orNull(flag()), doc: "kernels of paired vectors; null: where they work" },
  noValidate: { rule: flag(), doc: "leave validation out" },
  validateRaw: { rule: flag(), doc: "validate the raw weights as well" },
  keep: { rule: whole(), doc: "checkpoints to keep" },
  saveEvery: {
    rule: either(whole({ min: 0 }), text()),
    doc: 'steps, or a time such as "10m", between two checkpoints within an epoch; 0: none',
  },
  checkEvery: { rule: whole(), doc: "steps between two checks that all processes hold equal weights" },
};

/** What a config may say of the run beside its recipe; everything it leaves out is as the command line has it. */
export interface RunConfig extends Partial<RunSettings> {
  readonly seed?: number;
  readonly replicas?: number;
  /** The weights it starts from. */
  readonly init?: string;
}

const AS_THE_LINE = "as without a config";

const asSaid = Object.fromEntries(
  Object.entries(settingFields).map(([name, field]) => [name, { ...field, absent: AS_THE_LINE }]),
) as unknown as Pick<FieldsOf<RunConfig>, keyof RunSettings>;

/** A row for each of RunConfig. */
export const runFields: FieldsOf<RunConfig> = {
  ...asSaid,
  seed: { rule: whole({ min: 0, max: 2 ** 32 - 1 }), doc: "of weights, order and augmentation", absent: AS_THE_LINE },
  replicas: {
    rule: whole({ min: 1, max: 4096 }),
    doc: "batches of a step, each with its own statistics",
    absent: AS_THE_LINE,
  },
  init: {
    rule: text(),
    doc: "weights to start from; a file is looked for in the folder of the config first",
    absent: "none",
  },
};
