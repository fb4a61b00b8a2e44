/**
 * What a data set consists of, in any form, and where its problems are reported: types alone.
 */
import type { DataError } from "../../util/errors.js";
import type { PictureSource } from "./picture-source.js";

/** One picture: where it is, and its class index. */
export interface Sample extends PictureSource {
  readonly label: number;
}

/** Takes problems of a data set as they are found; one that returns lets the search go on without the thing it is about. */
export type Report = (problem: DataError) => void;
