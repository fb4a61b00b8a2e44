/**
 * What is refused before a JPEG is decoded, by its header alone: coding processes no decoder here takes, sizes the file
 * cannot hold, and pictures that would need too much memory. It reads no image data.
 */
import { getBudget } from "../../util/budget.js";
import { DataError } from "../../util/errors.js";
import { type JpegHeader, readJpegHeader } from "./jpeg-header.js";
import { DAMAGED_HINT, SIZE_HINT } from "./limits.js";

/** Largest working memory: a 61-megapixel 4:2:0 photo needs 0.9 GiB, a 36-megapixel 4:4:4 one 0.9 GiB. */
const MAX_BYTES = 2 ** 31;

/** The largest picture of which most may be missing: 0.3 s and 120 MB of grey. */
const MAX_MISSING_PIXELS = 2 ** 24;

const unsupportedFrames: Readonly<Record<number, string>> = {
  195: "lossless (SOF3)",
  197: "hierarchical (SOF5)",
  198: "hierarchical progressive (SOF6)",
  199: "hierarchical lossless (SOF7)",
  201: "arithmetic coding (SOF9)",
  202: "progressive arithmetic coding (SOF10)",
  203: "lossless arithmetic coding (SOF11)",
  205: "hierarchical arithmetic coding (SOF13)",
  206: "hierarchical progressive arithmetic coding (SOF14)",
  207: "hierarchical lossless arithmetic coding (SOF15)",
};

/** The header of a JPEG that can be decoded; throws DataError naming `path` for one that cannot. */
export function checkJpeg(bytes: Uint8Array, path: string): JpegHeader {
  const header = readJpegHeader(bytes);
  if (header === undefined)
    throw new DataError(`${path}: JPEG without a frame header, expected a complete file`, DAMAGED_HINT);
  checkProcess(header, path);
  checkSize(header, bytes.length, path);
  return header;
}

function checkProcess(header: JpegHeader, path: string): void {
  const reason = unsupported(header);
  if (reason === undefined) return;
  throw new DataError(
    `${path}: JPEG with ${reason}, expected 8-bit baseline or progressive with 1, 3 or 4 components`,
    "convert the file, for example with djpeg and cjpeg",
  );
}

function unsupported({ frameMarker, precision, components }: JpegHeader): string | undefined {
  if (frameMarker > 0xc2) return unsupportedFrames[frameMarker] ?? `coding process 0x${frameMarker.toString(16)}`;
  if (precision !== 8) return `${precision} bits per sample`;
  if (![1, 3, 4].includes(components.length)) return `${components.length} colour components`;
  if (new Set(components.map(({ id }) => id)).size < components.length) return "two components of one identifier";
  const maxH = Math.max(...components.map(({ h }) => h));
  const maxV = Math.max(...components.map(({ v }) => v));
  const odd = components.find(({ h, v }) => !(h >= 1 && h <= 4 && v >= 1 && v <= 4) || maxH % h > 0 || maxV % v > 0);
  // libjpeg has no upsampling for such a ratio either
  return odd && `sampling factors ${odd.h}x${odd.v} beside ${maxH}x${maxV}`;
}

function checkSize(header: JpegHeader, fileBytes: number, path: string): void {
  const { width, height } = header;
  const came = `${path}: JPEG of ${width}x${height} pixels`;
  if (width === 0 || height === 0) throw new DataError(`${came}, expected at least 1x1`, DAMAGED_HINT);
  if (width * height > getBudget().pixels)
    throw new DataError(`${came}, expected at most ${getBudget().pixels}`, SIZE_HINT);
  const { blocks, workingBytes } = jpegCost(header);
  // every block takes at least one bit, its DC difference: a header of another size is damage in a small picture, an attack in a large one
  if (fileBytes * 8 < blocks && width * height > MAX_MISSING_PIXELS)
    throw new DataError(
      `${came} in ${fileBytes} bytes, expected at least ${Math.ceil(blocks / 8)} bytes`,
      DAMAGED_HINT,
    );
  if (workingBytes > MAX_BYTES)
    throw new DataError(
      `${came} needs ${workingBytes >> 20} MiB to decode, expected at most ${MAX_BYTES / 2 ** 20}`,
      SIZE_HINT,
    );
}

/** Blocks of 8x8 coefficients in the file, and bytes needed to decode it: as jpeg-js counts its own, the hungriest decoder. */
export function jpegCost({ width, height, components }: JpegHeader): { blocks: number; workingBytes: number } {
  const maxH = Math.max(...components.map(({ h }) => h));
  const maxV = Math.max(...components.map(({ v }) => v));
  const mcus = Math.ceil(width / (8 * maxH)) * Math.ceil(height / (8 * maxV));
  const blocks = components.reduce((sum, { h, v }) => sum + mcus * h * v, 0);
  // four bytes a coefficient, one a sample; then interleaved samples and the picture
  const workingBytes = blocks * 64 * 5 + width * height * (components.length + 3);
  return { blocks, workingBytes };
}
