/**
 * A look at pictures without training on them: can each be decoded, and what is unusual about it. Unusual is not wrong:
 * ImageNet itself has a PNG among its JPEG files, and some in ink colours. Node only.
 */
import { extname } from "node:path";
import { TensoroneError } from "../../util/errors.js";
import { type DecoderName, loadDecoder } from "../codecs/decoder.js";
import { readJpegHeader } from "../codecs/jpeg-header.js";
import { jpegOddities } from "../codecs/jpeg-verdict.js";
import { type ImageFormat, sniffFormat } from "../codecs/sniff.js";
import { PictureFiles, type PictureSource, sourceName } from "../sets/picture-source.js";

/** What is known of one picture. */
export interface Inspection {
  /** Why it cannot be used; absent where it can. */
  readonly problem?: string;
  /** What is unusual, in words; empty for an ordinary picture. */
  readonly oddities: readonly string[];
  readonly width: number;
  readonly height: number;
}

/** Endings that go with a format; others are worth a word. */
const endings: { readonly [K in ImageFormat]?: readonly string[] } = {
  jpeg: [".jpg", ".jpeg", ".jpe", ".jfif"],
  png: [".png"],
  webp: [".webp"],
  gif: [".gif"],
  tiff: [".tif", ".tiff"],
  avif: [".avif"],
};
const INK_COMPONENTS = 4;

/** Decodes every picture, in order; a picture that fails is an Inspection with a problem, never an error. */
export async function inspectPictures(
  sources: readonly PictureSource[],
  decoderName?: DecoderName,
): Promise<Inspection[]> {
  const decoder = await loadDecoder(decoderName);
  const files = new PictureFiles(0);
  const inspections: Inspection[] = [];
  for (const source of sources) {
    try {
      const bytes = files.bytesOf(source);
      const { width, height } = await decoder.decode(bytes, sourceName(source), { applyOrientation: true });
      inspections.push({ width, height, oddities: odditiesOf(bytes, source) });
    } catch (cause) {
      const problem = cause instanceof TensoroneError ? cause.summary : `${sourceName(source)}: ${String(cause)}`;
      inspections.push({ problem, width: 0, height: 0, oddities: [] });
    }
  }
  files.close();
  return inspections;
}

function odditiesOf(bytes: Uint8Array, { path, entry }: PictureSource): string[] {
  const format = sniffFormat(bytes);
  const ending = extname(entry?.name ?? path).toLowerCase();
  const odd: string[] = [];
  if (format !== undefined && !endings[format]?.includes(ending)) odd.push(`${format.toUpperCase()} named ${ending}`);
  const header = format === "jpeg" ? readJpegHeader(bytes) : undefined;
  if (header?.components.length === INK_COMPONENTS) odd.push("in ink colours (CMYK or YCCK)");
  if (header?.components.length === 1) odd.push("grey");
  if (header !== undefined && header.orientation !== 1) odd.push(`EXIF orientation ${header.orientation}`);
  if (format === "jpeg") odd.push(...jpegOddities(bytes, path));
  return odd;
}
