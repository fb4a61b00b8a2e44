/**
 * A file's bytes to pixels. The content decides which codec runs; an error inside one becomes a DataError that names the
 * file. Checks and orientation are here, the same for every decoder of decoder.ts.
 */
import { DataError } from "../../util/errors.js";
import { installLine } from "../../util/optional-packages.js";
import type { Image } from "./image.js";
import { jpegJsPixels } from "./jpeg.js";
import { checkJpeg } from "./jpeg-checks.js";
import { type JpegPixels, pixelsByPolicy } from "./jpeg-verdict.js";
import { orient } from "./orient.js";
import { decodePng } from "./png.js";
import { isSharpFormat, sniffFormat } from "./sniff.js";

/** How to decode. */
export interface DecodeOptions {
  /** Turn the picture upright by its EXIF orientation, as OpenCV does; false to compare with torchvision. */
  readonly applyOrientation?: boolean;
}

/**
 * Decodes a JPEG or PNG file to 8-bit RGB; throws DataError naming `path` if it cannot.
 *
 * @example
 * <!-- test: given picture from test/docs/given/images.ts -->
 * ```ts
 * const { width, height } = decodeImage(picture);
 * console.log(width, height); // 32 32
 * ```
 */
export function decodeImage(bytes: Uint8Array, options: DecodeOptions & { readonly path?: string } = {}): Image {
  return decodeWith(jpegJsPixels, bytes, options.path ?? "image", options);
}

/** What all decoders share: checks, EXIF and refusals are the same whichever `jpegPixels` runs; a promise only if that gives one. */
export function decodeWith<Result extends Image | Promise<Image>>(
  jpegPixels: JpegPixels<Result>,
  bytes: Uint8Array,
  path: string,
  { applyOrientation = true }: DecodeOptions = {},
): Result | Image {
  const format = sniffFormat(bytes);
  if (format === "png") return decodePng(bytes, path, applyOrientation);
  if (format === "jpeg") {
    const header = checkJpeg(bytes, path);
    const pixels = pixelsByPolicy(jpegPixels, bytes, header, path);
    if (!applyOrientation || header.orientation === 1) return pixels;
    const upright = (image: Image) => orient(image, header.orientation);
    return pixels instanceof Promise ? (pixels.then(upright) as Result) : upright(pixels);
  }
  const came = format?.toUpperCase() ?? (bytes.length === 0 ? "an empty file" : "neither a JPEG nor a PNG");
  throw new DataError(
    `${path}: ${came} (${bytes.length} bytes), expected a JPEG or PNG picture`,
    isSharpFormat(format)
      ? `${installLine("sharp")} reads it in data sets and by readImage; or convert it to JPEG or PNG`
      : "remove the file from the data set, or convert it to JPEG or PNG",
  );
}
