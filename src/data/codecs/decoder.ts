/**
 * The decoders one can choose between, by name. They differ in who turns a JPEG into pixels (PNG has one codec); header
 * checks, EXIF orientation and refusals are index.ts's and thus the same for all. A package that is only
 * needed by one decoder is loaded when that decoder is asked for.
 */
import { DataError } from "../../util/errors.js";
import { nearestName } from "../../util/nearest.js";
import type { Image } from "./image.js";
import { type DecodeOptions, decodeWith } from "./index.js";
import { jpegJsPixels } from "./jpeg.js";

/** Every decoder: jpeg-js runs everywhere, libjpeg-turbo is WebAssembly, sharp is native code. */
export const decoderNames = ["jpeg-js", "libjpeg-turbo", "sharp"] as const;
export type DecoderName = (typeof decoderNames)[number];

/** A decoder that is ready: `decode` gives the picture at once where it can, or else a promise of it (sharp). */
export interface Decoder {
  readonly name: DecoderName;
  /** 8-bit RGB; throws, or rejects with, DataError naming `path`. */
  decode(bytes: Uint8Array, path: string, options?: DecodeOptions): Image | Promise<Image>;
}

/** Loads the decoder `name` with what it needs; throws DataError with the install line where a package is missing. */
export async function loadDecoder(name: DecoderName): Promise<Decoder> {
  switch (name) {
    case "jpeg-js":
      return { name, decode: (...args) => decodeWith(jpegJsPixels, ...args) };
    case "libjpeg-turbo": {
      const { loadLibjpegTurbo } = await import("./libjpeg-turbo.js");
      const pixels = await loadLibjpegTurbo();
      return { name, decode: (...args) => decodeWith(pixels, ...args) };
    }
    case "sharp": {
      const { loadSharp } = await import("./sharp.js");
      const pixels = await loadSharp();
      return { name, decode: async (...args) => decodeWith(pixels, ...args) };
    }
    default: {
      const meant = nearestName(name, decoderNames);
      const hint = meant === undefined ? undefined : `did you mean ${meant}?`;
      throw new DataError(`decoder: ${name}, expected one of ${decoderNames.join(", ")}`, hint);
    }
  }
}
