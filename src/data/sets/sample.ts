/**
 * What a data set consists of, in any form, and where its problems are reported: types alone.
 */
import type { DataError } from "../../util/errors.js";
import type { PictureSource } from "./picture-source.js";

/** One picture: where it is, and its class index. */
export interface Sample extends PictureSource {
  readonly label: number;
}

/** A split of a data set: samples in a fixed order, and the names of their classes. */
export interface Dataset {
  readonly root: string;
  /** All of them, where it is several. */
  readonly roots?: readonly string[];
  readonly split: string;
  readonly classes: readonly string[];
  /** false where a list file gives numbers only, and `classes` are these. Default true. */
  readonly areClassesNamed?: boolean;
  readonly samples: readonly Sample[];
  readonly length: number;
  /** What is worth a line for people: which folder was taken, what was left out. */
  readonly notices?: readonly string[];
}

/** Takes problems of a data set as they are found; one that returns lets the search go on without the thing it is about. */
export type Report = (problem: DataError) => void;
