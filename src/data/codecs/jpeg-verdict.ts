/**
 * A JPEG to pixels by the policy on damaged ones: plain files by the decoder that was asked for, others by none, in the same way whoever
 * was asked. Errors of the policy become DataErrors that name the file.
 */
import { Budget } from "../../util/budget.js";
import { DataError } from "../../util/errors.js";
import type { Image } from "./image.js";
import type { JpegHeader } from "./jpeg-header.js";
import { looksWhole } from "./jpeg-outline.js";
import { judgeJpeg, readJpeg } from "./jpeg-policy.js";
import { repairedPixels } from "./jpeg-repaired.js";
import { JpegFault } from "./jpeg-segments.js";
import { DAMAGED_HINT } from "./limits.js";

function orRefuse<T>(path: string, read: (budget: Budget) => T): T {
  try {
    return read(new Budget(`${path}: JPEG`, DataError));
  } catch (cause) {
    if (!(cause instanceof JpegFault)) throw cause;
    throw new DataError(`${path}: not a readable JPEG, expected a complete file (${cause.message})`, DAMAGED_HINT);
  }
}

/** The part of decoding that differs between decoders: the pixels, as stored, of a JPEG whose header was found good. */
export interface JpegPixels<Result extends Image | Promise<Image>> {
  (bytes: Uint8Array, header: JpegHeader, path: string): Result;
  /**
   * Whether it rejects all that libjpeg warns of and has OpenCV's arithmetic, so that what it takes without complaint needs no look at
   * every code. Default false.
   */
  readonly isStrict?: boolean;
}

/** What is odd about the data of a JPEG that is read all the same. Throws DataError naming `path` for one that is refused. */
export const jpegOddities = (bytes: Uint8Array, path: string): readonly string[] =>
  orRefuse(path, (budget) => {
    looksWhole(bytes, budget);
    return judgeJpeg(bytes, budget).odd;
  });

/** The pixels of a JPEG whose header was found good. Throws, or rejects with, DataError naming `path`. */
export function pixelsByPolicy<Result extends Image | Promise<Image>>(
  decode: JpegPixels<Result>,
  bytes: Uint8Array,
  header: JpegHeader,
  path: string,
): Result | Image {
  const isWhole = orRefuse(path, (budget) => looksWhole(bytes, budget));
  const repaired = () => orRefuse(path, (budget) => repairedPixels(readJpeg(bytes, budget), header));
  if (isWhole && decode.isStrict) {
    const pixels = decode(bytes, header, path);
    if (!(pixels instanceof Promise)) return pixels;
    return pixels.catch(repaired) as Result;
  }
  return orRefuse(path, (budget) => judgeJpeg(bytes, budget).isPlain) ? decode(bytes, header, path) : repaired();
}
