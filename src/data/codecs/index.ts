/**
 * The one door from a file's bytes to pixels. Which decoder runs is decided by content; whatever goes wrong inside one
 * becomes a DataError that names the file.
 */
import { DataError } from "../../util/errors.js";
import type { Image } from "../image.js";
import { decodeJpeg } from "./jpeg.js";
import { decodePng } from "./png.js";
import { type ImageFormat, sniffFormat } from "./sniff.js";

/** How to decode. */
export interface DecodeOptions {
  /** Name of the file for error messages. */
  readonly path?: string;
  /** Turn the picture upright by its EXIF orientation, as OpenCV does; false to compare with torchvision. */
  readonly applyOrientation?: boolean;
}

type Decoder = (bytes: Uint8Array, path: string, applyOrientation: boolean) => Image;

const decoders: { readonly [K in ImageFormat]?: Decoder } = { jpeg: decodeJpeg, png: decodePng };

/** Decodes a JPEG or PNG file to 8-bit RGB; throws DataError naming `path` if it cannot. */
export function decodeImage(bytes: Uint8Array, options: DecodeOptions = {}): Image {
  const { path = "image", applyOrientation = true } = options;
  const format = sniffFormat(bytes);
  const decoder = format && decoders[format];
  if (decoder === undefined) {
    const came = format?.toUpperCase() ?? (bytes.length === 0 ? "an empty file" : "neither a JPEG nor a PNG");
    throw new DataError(
      `${path}: ${came} (${bytes.length} bytes), expected a JPEG or PNG picture`,
      "remove the file from the data set, or convert it to JPEG or PNG",
    );
  }
  return decoder(bytes, path, applyOrientation);
}
