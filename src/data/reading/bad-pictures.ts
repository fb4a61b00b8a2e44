/**
 * What becomes of pictures that cannot be used, once they are met: which they are, and what stands in their place. The same for any
 * number of workers and after a resume, since it follows from the files alone.
 */
import { DataError } from "../../util/errors.js";
import type { BadPicture } from "./sample-reader.js";

/**
 * stop: an error at its turn. replace: the next picture of the data set that can be used (timm's way), which training wants.
 * leaveOut: the batch is smaller, which evaluation wants.
 */
export type BadPicturePolicy = "stop" | "replace" | "leaveOut";

/** What a run can be told to do at such a picture: replace in training and leave out in validation are its "skip". */
export const badPictureChoices = ["stop", "skip"] as const;
export type BadPictureChoice = (typeof badPictureChoices)[number];

/** Ends a run at such a picture. */
export class PictureError extends DataError {}

/** The bad pictures of one data set. */
export class BadPictures {
  readonly #samples: number;
  readonly #tell: ((problem: DataError) => void) | undefined;
  readonly #known = new Map<number, DataError>();

  constructor(samples: number, tell?: (problem: DataError) => void) {
    this.#samples = samples;
    this.#tell = tell;
  }

  /** How many were met. */
  get count(): number {
    return this.#known.size;
  }

  has(index: number): boolean {
    return this.#known.has(index);
  }

  add(index: number, { message, hint }: BadPicture): void {
    if (this.#known.has(index)) return;
    const problem = new DataError(message, hint);
    this.#known.set(index, problem);
    this.#tell?.(problem);
  }

  /** `index`, or the next one after it that is not known to be bad. Throws DataError where none is left. */
  nextGood(index: number): number {
    for (let step = 0; step < this.#samples; step++) {
      const other = (index + step) % this.#samples;
      if (!this.#known.has(other)) return other;
    }
    throw this.#known.get(index)!;
  }
}
