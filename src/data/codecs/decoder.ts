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
import { decodeBySharp, hasSharp } from "./sharp-formats.js";
import { isSharpFormat, sniffFormat } from "./sniff.js";

/** Every decoder: jpeg-js runs everywhere, libjpeg-turbo is WebAssembly, sharp is native code. */
export const decoderNames = ["jpeg-js", "libjpeg-turbo", "sharp"] as const;
/** The names of the decoders. */
export type DecoderName = (typeof decoderNames)[number];

/** Whose pixels each gives: decoders of one row are interchangeable, bit for bit. */
const pixelsOf: { readonly [N in DecoderName]: "opencv" | "jpeg-js" } = {
  "jpeg-js": "jpeg-js",
  "libjpeg-turbo": "opencv",
  sharp: "opencv",
};
/** The fastest first among those with OpenCV's pixels (bench/results/decoders.md); jpeg-js, which is always there, last. */
const byPreference: readonly DecoderName[] = ["sharp", "libjpeg-turbo", "jpeg-js"];

/** Whether two decoders give the same pixels, so that a run goes on with the same bits. */
export const haveSamePixels = (a: DecoderName, b: DecoderName): boolean => pixelsOf[a] === pixelsOf[b];

/** A decoder that is ready: `decode` gives the picture at once where it can, or else a promise of it (sharp). */
export interface Decoder {
  readonly name: DecoderName;
  /** 8-bit RGB; throws, or rejects with, DataError naming `path`. */
  decode(bytes: Uint8Array, path: string, options?: DecodeOptions): Image | Promise<Image>;
}

/**
 * Loads the decoder `name` with what it needs, by default the fastest installed one with OpenCV's exact pixels, else jpeg-js.
 * Throws DataError with the install line where a package is missing.
 */
export async function loadDecoder(name?: DecoderName): Promise<Decoder> {
  return name === undefined ? firstInstalled(byPreference) : load(name);
}

/** `name`, or where its package is missing another one with the same pixels. Throws DataError where there is none. */
export async function loadDecoderLike(name: DecoderName): Promise<Decoder> {
  const others = byPreference.filter((other) => other !== name && haveSamePixels(other, name));
  try {
    return await firstInstalled([name, ...others]);
  } catch (cause) {
    if (!(cause instanceof DataError) || others.length === 0) throw cause;
    throw new DataError(
      `decoder ${name}: neither it nor ${others.join(", ")} is installed, expected one of them for the same pixels`,
      "npm i @cwasm/jpeg-turbo; decoder jpeg-js needs no package, and gives other bits",
    );
  }
}

/** The first of these whose package is installed. Throws the error of the last where none is. */
async function firstInstalled(names: readonly DecoderName[]): Promise<Decoder> {
  let failure: unknown;
  for (const name of names) {
    try {
      return await load(name);
    } catch (cause) {
      if (!(cause instanceof DataError)) throw cause;
      failure = cause;
    }
  }
  throw failure;
}

async function load(name: DecoderName): Promise<Decoder> {
  const { decode } = await loadPlain(name);
  return {
    name,
    decode(bytes, path, options = {}) {
      const format = sniffFormat(bytes);
      if (!isSharpFormat(format) || !hasSharp()) return decode(bytes, path, options);
      return decodeBySharp(bytes, format, path, options.applyOrientation ?? true);
    },
  };
}

/** JPEG and PNG alone. */
async function loadPlain(name: DecoderName): Promise<Decoder> {
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
