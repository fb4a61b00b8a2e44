/**
 * What of a picture goes into a shard: its file as it is, or, where a short side is asked for and the picture is larger, the
 * upright picture resized by Pillow's bilinear and encoded anew. Node only.
 */
import { encode as encodePng } from "fast-png";
import jpegJs from "jpeg-js";
import { DataError } from "../../../util/errors.js";
import { type DecoderName, loadDecoder } from "../../codecs/decoder.js";
import type { Image } from "../../codecs/image.js";
import { type ImageFormat, sniffFormat } from "../../codecs/sniff.js";
import { resizeShortSide } from "../../transforms/geometry.js";
import { PictureFiles, type PictureSource, sourceName } from "../picture-source.js";

/** How resized pictures are stored: jpeg is small, png keeps every resized pixel at some five times the size. */
export const packFormats = ["jpeg", "png"] as const;
export type PackFormat = (typeof packFormats)[number];

/** What to do with pictures on their way into a shard. */
export interface PackOptions {
  /** Pixels of the shorter side; smaller pictures stay as they are. Without it all do. */
  readonly shortSide?: number;
  readonly format?: PackFormat;
}

/** The bytes for a shard. */
export interface PackedPicture {
  readonly bytes: Uint8Array;
  /** By content, as the readers of WebDataset shards expect it. */
  readonly extension: string;
}

/** JPEG quality of resized pictures: 24 KB at 341x256, mean error below that of another decoder's resize. */
export const PACK_QUALITY = 90;

const encoders: { readonly [K in PackFormat]: (image: Image) => PackedPicture } = {
  jpeg: ({ width, height, data }) => {
    const rgba = new Uint8Array(width * height * 4);
    for (let p = 0, q = 0; p < data.length; p += 3, q += 4) {
      rgba[q] = data[p]!;
      rgba[q + 1] = data[p + 1]!;
      rgba[q + 2] = data[p + 2]!;
      rgba[q + 3] = 255;
    }
    return { bytes: new Uint8Array(jpegJs.encode({ width, height, data: rgba }, PACK_QUALITY).data), extension: "jpg" };
  },
  png: ({ width, height, data }) => ({ bytes: encodePng({ width, height, data, channels: 3 }), extension: "png" }),
};

/** Packs pictures in order; throws DataError naming the first that cannot be read. */
export async function packPictures(
  sources: readonly PictureSource[],
  decoderName: DecoderName | undefined,
  options: PackOptions,
): Promise<PackedPicture[]> {
  const { shortSide, format = "jpeg" } = options;
  const files = new PictureFiles(0);
  const packed: PackedPicture[] = [];
  const decoder = shortSide === undefined ? undefined : await loadDecoder(decoderName);
  for (const source of sources) {
    const bytes = files.bytesOf(source);
    const name = sourceName(source);
    if (shortSide === undefined || decoder === undefined) {
      packed.push(original(bytes, name));
      continue;
    }
    const image = await decoder.decode(bytes, name, { applyOrientation: true });
    const isLarger = Math.min(image.width, image.height) > shortSide;
    if (!isLarger) packed.push(original(bytes, name));
    else
      packed.push(
        encoders[format](resizeShortSide(image, { kind: "resizeShortSide", size: shortSide, filter: "bilinear" })),
      );
  }
  files.close();
  return packed;
}

/** Endings of what is stored as it came. */
const extensions: { readonly [F in ImageFormat]?: string } = {
  jpeg: "jpg",
  png: "png",
  webp: "webp",
  gif: "gif",
  tiff: "tif",
  avif: "avif",
};

function original(bytes: Uint8Array, name: string): PackedPicture {
  const format = sniffFormat(bytes);
  const extension = format && extensions[format];
  if (extension !== undefined) return { bytes, extension };
  throw new DataError(
    `${name}: ${format?.toUpperCase() ?? "neither a JPEG nor a PNG"} (${bytes.length} bytes), expected a JPEG or PNG picture`,
    "verify-dataset lists every file that cannot be used",
  );
}
