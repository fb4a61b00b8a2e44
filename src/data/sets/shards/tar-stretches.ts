/**
 * A tar file cut into stretches, one a sample: from the header before its picture to that of the next, its label and all padding
 * included, the first from the file's begin and the last to its end. Each has a hash, so that every bit of a shard is proved by reading
 * its pictures, some 2 kB more of each, and a flipped one is named by its sample.
 */
import { createHash, type Hash } from "node:crypto";
import { sha256 } from "../../../util/sha256.js";
import { BLOCK_BYTES } from "./tar.js";

/** 96 bits: one of 10^28 damaged stretches passes, and an index of 1.3 million pictures grows by 32 MB instead of 85. */
const DIGITS = 24;

export interface Stretch {
  readonly begin: number;
  /** Behind its last byte. */
  readonly end: number;
  readonly hash: string;
}

/** The stretches of samples whose data begin at `offsets`, in a tar of so many bytes. */
export const stretchesOf = (offsets: readonly number[], bytes: number, hashes: readonly string[]): Stretch[] =>
  hashes.map((hash, i) => ({
    begin: i === 0 ? 0 : offsets[i]! - BLOCK_BYTES,
    end: i + 1 < offsets.length ? offsets[i + 1]! - BLOCK_BYTES : bytes,
    hash,
  }));

/** Whether the bytes of a stretch are those that its hash was taken of. */
export const isSound = (bytes: Uint8Array, { hash }: Stretch): boolean =>
  sha256(bytes).startsWith(hash) && hash.length === DIGITS;

/** Takes the hashes of a tar while it is written. */
export class StretchHashes {
  readonly #whole = createHash("sha256");
  readonly #done: string[] = [];
  #open: Hash | null = null;
  /** What stands before the first header. */
  #before: Uint8Array[] = [];

  /** A header of a sample comes next. */
  begin(): void {
    if (this.#open) this.#close(this.#open);
    this.#open = createHash("sha256");
    for (const piece of this.#before) this.#open.update(piece);
    this.#before = [];
  }

  add(piece: Uint8Array): void {
    this.#whole.update(piece);
    if (this.#open) this.#open.update(piece);
    else this.#before.push(piece);
  }

  /** Nothing comes any more: the hash of the tar, and those of its stretches. */
  end(): { readonly sha256: string; readonly hashes: readonly string[] } {
    if (this.#open) this.#close(this.#open);
    this.#open = null;
    return { sha256: this.#whole.digest("hex"), hashes: this.#done };
  }

  #close(hash: Hash): void {
    this.#done.push(hash.digest("hex").slice(0, DIGITS));
  }
}
