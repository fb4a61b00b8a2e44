/**
 * JPEG pixels by sharp (libvips and its libjpeg, native code): the optional package of that name. Used for entropy
 * decoding, upsampling and colour only; colour profiles stay unapplied and orientation is index.ts's, as for every decoder.
 */
import { DataError } from "../../util/errors.js";
import { installLine } from "../../util/optional-packages.js";
import { createImage, type Image } from "./image.js";
import { inksToRgb } from "./inks.js";
import type { JpegHeader } from "./jpeg-header.js";
import type { JpegPixels } from "./jpeg-verdict.js";
import { DAMAGED_HINT } from "./limits.js";

/** Loads the package; throws DataError with the install line if it is missing. */
export async function loadSharp(): Promise<JpegPixels<Promise<Image>>> {
  const sharp = await importSharp();
  // one picture a time and thread: the loader's workers are the parallelism, and no picture comes twice
  sharp.concurrency(1);
  sharp.cache(false);
  const decode = async (bytes: Uint8Array, { width, height, components }: JpegHeader, path: string): Promise<Image> => {
    try {
      const input = sharp(bytes, { failOn: "warning", limitInputPixels: false, ignoreIcc: true });
      const isInk = components.length === 4;
      // libvips turns inks over to 0 for no ink; without the second call it would convert them by a profile of its own
      if (isInk) input.pipelineColourspace("cmyk").toColourspace("cmyk");
      else input.toColourspace("srgb");
      const { data, info } = await input.raw().toBuffer({ resolveWithObject: true });
      const channels = isInk ? 4 : 3;
      if (info.width !== width || info.height !== height || info.channels !== channels)
        throw new Error(`${info.width}x${info.height} pixels of ${info.channels} channels came out`);
      return createImage(
        width,
        height,
        isInk ? inksToRgb(data.map((ink) => 255 - ink)) : new Uint8Array(data.buffer, data.byteOffset, data.length),
      );
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new DataError(`${path}: not a readable JPEG, expected a complete file (${message})`, DAMAGED_HINT);
    }
  };
  return Object.assign(decode, { isStrict: true });
}

/** The package itself. Throws DataError with the install line if it is missing. */
export async function importSharp() {
  try {
    return (await import("sharp")).default;
  } catch (cause) {
    const message = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
    throw new DataError(
      `decoder sharp: package sharp does not load (${message}), expected it installed`,
      installLine("sharp"),
    );
  }
}
