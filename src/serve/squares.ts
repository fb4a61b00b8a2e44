/**
 * Memory for pictures on their way: each holds one as a model sees it, is shared with the threads that fill and read it, and is used
 * again, so that a server makes no garbage of this kind.
 */

/** Bytes of a picture [side, side, 3], or its normalised numbers. */
export type Square = Uint8Array | Float32Array;

const CHANNELS = 3;

/** Squares of one side. */
export class Squares {
  readonly #size: number;
  readonly #bytes: Uint8Array[] = [];
  readonly #numbers: Float32Array[] = [];

  /** Of models that see pictures of `side` pixels. */
  constructor(side: number) {
    this.#size = side * side * CHANNELS;
  }

  takeBytes(): Uint8Array {
    return this.#bytes.pop() ?? new Uint8Array(new SharedArrayBuffer(this.#size));
  }

  takeNumbers(): Float32Array {
    return this.#numbers.pop() ?? new Float32Array(new SharedArrayBuffer(4 * this.#size));
  }

  /** Nobody may hold it after that. */
  give(square: Square): void {
    if (square instanceof Uint8Array) this.#bytes.push(square);
    else this.#numbers.push(square);
  }
}
