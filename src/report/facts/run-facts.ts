/** What a report is made of: types alone. What a run folder does not have stands there as the reason why. */
import type { Image } from "../../data/codecs/image.js";
import type { Certificate, Summary } from "../../models/index.js";
import type { Recipe } from "../../models/recipe.js";
import type { CheckpointFile } from "../../train/checkpoints/checkpoint-format.js";
import type { RunSession } from "../../train/loggers/machine.js";
import type { RunLog } from "./log.js";

/** Something, or why it is not there. */
export type Found<T> = { readonly value: T } | { readonly missing: string };

export const missing = (reason: string): { readonly missing: string } => ({ missing: reason });

/** The value, or what stands in its place. */
export const valueOr = <T, D>(found: Found<T>, fallback: D): T | D => ("value" in found ? found.value : fallback);

/** A data set's pictures of each class. */
export interface SplitFacts {
  readonly split: string;
  readonly images: number;
  /** In the order of the classes; null where the split is not there. */
  readonly counts: readonly number[];
}

export interface DataFacts {
  readonly root: string;
  readonly classes: readonly string[];
  readonly splits: readonly SplitFacts[];
}

/** A picture that was taken for something else. */
export interface Mistake {
  /** As the data set names it. */
  readonly path: string;
  readonly label: string;
  readonly predicted: string;
  /** Softmax, 0 to 1. */
  readonly score: number;
  readonly labelScore: number;
  /** null where the picture cannot be read any more. */
  readonly picture: Image | null;
  /** The picture as the model sees it, with what spoke for the answer; null where it could not be made. */
  readonly heat: Image | null;
}

/** A class in the table of all. */
export interface ClassRow {
  readonly label: string;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  readonly support: number;
}

/** What the delivered model says of the validation pictures. */
export interface AnswerFacts {
  /** Whose weights were asked. */
  readonly file: string;
  readonly split: string;
  readonly measured: number;
  /** Of the whole split; more than measured where only some of it was. */
  readonly available: number;
  /** Pictures that were left out, each with what is wrong with it. */
  readonly unread: readonly string[];
  readonly top1: number;
  readonly top5: number;
  readonly loss: number;
  readonly classes: readonly ClassRow[];
  readonly macro: Omit<ClassRow, "label" | "support">;
  readonly balancedAccuracy: number;
  /** The matrix as SVG, which is escaped. */
  readonly confusion: string;
  readonly mistakes: readonly Mistake[];
}

/** A file of the run, its path as seen from the report. */
export interface FileFacts {
  readonly path: string;
  readonly bytes: number;
  readonly what: string;
}

/** What renderReport() shows of a run; what there is not stands as the reason why. */
export interface RunFacts {
  /** Of the folder. */
  readonly name: string;
  readonly folder: string;
  /** What the newest checkpoint says; null where none can be read. */
  readonly checkpoint: CheckpointFile | null;
  /** The recipe as its authors have it, of the same model; null where it is not known. */
  readonly published: Recipe | null;
  readonly command: Found<string>;
  readonly sessions: readonly RunSession[];
  readonly log: Found<RunLog>;
  readonly data: Found<DataFacts>;
  readonly answers: Found<AnswerFacts>;
  readonly certificate: Found<Certificate>;
  readonly costs: Found<Summary["totals"]>;
  /** Side of the pictures that costs are of. */
  readonly imageSize: number | null;
  readonly files: readonly FileFacts[];
}
