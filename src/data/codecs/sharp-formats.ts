/**
 * WebP, GIF, TIFF and AVIF, which package sharp reads where it is installed, whatever decodes the JPEG files: the first frame as
 * 8-bit RGB, alpha dropped, upright by EXIF as for every other format. Node only.
 */
import { createRequire } from "node:module";
import { Budget, getBudget } from "../../util/budget.js";
import { DataError } from "../../util/errors.js";
import { createImage, type Image } from "./image.js";
import { DAMAGED_HINT } from "./limits.js";
import { orient } from "./orient.js";
import { importSharp } from "./sharp.js";
import type { ImageFormat } from "./sniff.js";

/** What libvips holds of a pixel of a frame, and what comes out of it: four samples of 8 bits, then three. */
const SAMPLE_BYTES = 4;

let isInstalled: boolean | null = null;

/** Whether the package is there; it is not loaded. */
export function hasSharp(): boolean {
  if (isInstalled !== null) return isInstalled;
  try {
    createRequire(import.meta.url).resolve("sharp");
    isInstalled = true;
  } catch {
    isInstalled = false;
  }
  return isInstalled;
}

/** 8-bit RGB of the first frame. Throws DataError naming `path` for what cannot be read. */
export async function decodeBySharp(
  bytes: Uint8Array,
  format: ImageFormat,
  path: string,
  applyOrientation: boolean,
): Promise<Image> {
  const sharp = await importSharp();
  // as for JPEG: the loader's workers are the parallelism, and no picture comes twice
  sharp.concurrency(1);
  sharp.cache(false);
  const budget = new Budget(`${path}: ${format.toUpperCase()}`, DataError);
  try {
    const input = sharp(bytes, { failOn: "error", limitInputPixels: getBudget().pixels, ignoreIcc: true });
    const { width, height, orientation = 1 } = await input.metadata();
    budget.check("pixels", width * height);
    budget.check("pictureBytes", SAMPLE_BYTES * width * height);
    const { data, info } = await input
      .removeAlpha()
      .toColourspace("srgb")
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    if (info.channels !== 3) throw new Error(`${info.channels} channels came out`);
    const image = createImage(info.width, info.height, new Uint8Array(data.buffer, data.byteOffset, data.length));
    return applyOrientation ? orient(image, orientation) : image;
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    // each library below has its say, a line each; the reason is the last
    const message = cause instanceof Error ? cause.message.trim().split("\n").at(-1) : String(cause);
    throw new DataError(
      `${path}: not a readable ${format.toUpperCase()}, expected a complete file (${message})`,
      DAMAGED_HINT,
    );
  }
}
