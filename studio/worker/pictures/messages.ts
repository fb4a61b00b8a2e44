/** What a decoder and the worker that started it say to each other: types alone. */
import type { Image } from "../../../src/data/codecs/image.js";

export interface DecodeAsk {
  readonly id: number;
  readonly file: Blob;
}

/** A picture as the project keeps it. */
export interface Decoded {
  /** Of the file, upright. */
  readonly width: number;
  readonly height: number;
  readonly image: Image;
  /** By which near duplicates are found. */
  readonly likeness: Float32Array<ArrayBuffer>;
}

export type DecodeAnswer = ({ readonly id: number } & Decoded) | { readonly id: number; readonly error: string };
