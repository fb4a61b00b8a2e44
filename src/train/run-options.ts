/**
 * What a training run is asked for, and what it answers.
 */
import type { DecoderName } from "../data/codecs/decoder.js";
import type { BadPictureChoice } from "../data/reading/bad-pictures.js";
import type { DecodeStats } from "../data/reading/loader.js";
import type { DataSource } from "../data/sets/dataset.js";
import type { Certificate } from "../models/index.js";
import type { Recipe } from "../models/recipe.js";
import type { DeviceLostError } from "../util/errors.js";
import type { StopSignal } from "../util/host-types.js";
import type { BestModel } from "./checkpoints/best-model.js";
import type { WeightSet } from "./checkpoints/model-file.js";
import type { Logger, ValidationInfo } from "./loggers/events.js";
import type { PlanOverrides } from "./recipes/plan.js";
import type { SaveEvery } from "./recipes/save-every.js";
import type { ProcessGroup } from "./replicas/process-group.js";

/** What train() trains, on what, and where to. */
export interface TrainOptions {
  /** As published, which is then fitted to the steps of the run (plan.ts), or as a checkpoint has it. */
  readonly recipe: Recipe;
  /** What the steps of the run would decide otherwise. */
  readonly plan?: PlanOverrides;
  /** Class folders, alone or under train and val, list files, a CSV file or shards, as openDataset takes them; or several. */
  readonly data: DataSource;
  /** Share of the pictures to hold out for validation where none are marked for it. Default 0.2 there. */
  readonly valFraction?: number;
  /**
   * What becomes of a picture that cannot be read: stop ends the run with one line, skip takes the next one of the data set in its
   * place, in validation none, and counts. Default stop.
   */
  readonly onBadPicture?: BadPictureChoice;
  /** Folder for checkpoints, weights and log; made where missing. Rank 0 alone writes there. */
  readonly out: string;
  readonly seed: number;
  /**
   * Batches of a step, each with its own statistics; their gradients are averaged. Decides the result, as the recipe does.
   * Default 1.
   */
  readonly replicas?: number;
  /** The processes that share the replicas; any number of them gives the same bits. Default: this one alone. */
  readonly group?: ProcessGroup;
  /** Steps between two checks that all processes hold equal weights. Default 100. */
  readonly checkEvery?: number;
  /** Decoding threads of this process. */
  readonly workers: number;
  /**
   * Who turns JPEG files into pixels. Default: of a resumed run its own or one with the same pixels, else the fastest
   * installed one with OpenCV's exact pixels, else jpeg-js; rank 0 decides.
   */
  readonly decoder?: DecoderName;
  /** Stop after this step, counted from 1 over the whole run. */
  readonly maxSteps?: number;
  /** Go on from a checkpoint: a file, or true for the newest in `out`. Rank 0 alone reads it. */
  readonly resume?: string | true;
  /** Start from the weights of this file instead of random ones. */
  readonly init?: string;
  /** Go on where `init` or `resume` name other classes than the data set. Default false: an error names the first. */
  readonly allowOtherClasses?: boolean;
  /**
   * Go on with `resume` where pictures were replaced, renamed, removed or added since. Default false: an error names the first.
   * Where an epoch then has another number of steps, `recipe` has to be the checkpoint's, which is fitted to the former.
   */
  readonly allowChangedData?: boolean;
  /** Validate after each epoch and at the end. Default true; false needs no validation set. */
  readonly validate?: boolean;
  /** Validate the raw weights as well as the averaged ones. */
  readonly validateRaw?: boolean;
  /** Checkpoints to keep, the newest; older ones are deleted. Default 3. */
  readonly keep?: number;
  /**
   * How often the run is saved within an epoch, of which --resume has the same bits: steps, a time such as "10m" or "45s", or 0:
   * only after epochs. The newest two are kept beside those of epochs, until the epoch's own is written. Default "10m".
   */
  readonly saveEvery?: SaveEvery;
  /** Hear the run where this process is rank 0. */
  readonly loggers: readonly Logger[];
  /**
   * When it fires on any rank, all save at the end of the step and leave, the model files included. Its reason, where that
   * is a number above 0, is what the result of every rank calls `stopCode`; above 1 it stands for a process that is being
   * ended: the checkpoint alone is written.
   */
  readonly signal?: StopSignal;
  /**
   * Opens a new device where that of the backend was lost, and makes it the one in use (setBackend): the run then goes on from its last
   * checkpoint, to the same bits. In one process alone. Default: the run ends with the DeviceLostError, which names the checkpoint.
   */
  readonly onDeviceLost?: (error: DeviceLostError) => Promise<unknown>;
  /** For the run's information only, e.g. "wasm x2". */
  readonly backendLabel: string;
}

/** What came of a run. */
export interface TrainResult {
  readonly steps: number;
  readonly epochs: number;
  /** "early": the recipe's patience was spent. */
  readonly stopped: "finished" | "max-steps" | "early" | "signal";
  /** 0 unless stopped by a signal; the same on every rank. */
  readonly stopCode: number;
  readonly numClasses: number;
  readonly validation: ValidationInfo | null;
  /** Pictures that this process could not read, and went on without. */
  readonly badPictures: number;
  /** How fast training pictures were decoded, by one thread. */
  readonly decoding: DecodeStats;
  readonly checkpoint: string;
  /** How the recipe was fitted to the planned steps. */
  readonly plan: NonNullable<Recipe["plan"]>;
  /** null where no model was written, and on ranks other than 0. */
  readonly certificate: Certificate | null;
  /** The best epoch and the files of its weights; null where the recipe does not save it, and on ranks other than 0. */
  readonly best: BestModel | null;
  /** Which weights the model files hold; null, as the files are, where a signal ended the run before they were written. */
  readonly weights: WeightSet | null;
  readonly modelFile: string | null;
  readonly deployFile: string | null;
}
