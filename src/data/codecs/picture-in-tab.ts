/**
 * Encoded bytes to pixels in a browser, by the browser's own decoder: any format that it knows, upright by EXIF, without a colour
 * profile's conversion, as Node's decoders. Pixels of a JPEG may differ from theirs by a few levels.
 */
import { DataError } from "../../util/errors.js";
import type { BlobLike } from "../../util/host-types.js";
import { createImage, type Image } from "./image.js";

/** RGBA to RGB: transparency is dropped, as Node's decoders drop it. */
export function withoutAlpha({
  width,
  height,
  data,
}: {
  width: number;
  height: number;
  data: ArrayLike<number>;
}): Image {
  const image = createImage(width, height);
  for (let from = 0, to = 0; to < image.data.length; from += 4, to += 3) {
    image.data[to] = data[from]!;
    image.data[to + 1] = data[from + 1]!;
    image.data[to + 2] = data[from + 2]!;
  }
  return image;
}

/** Throws DataError for bytes that the browser does not decode. */
export async function pictureInTab(source: Uint8Array | BlobLike): Promise<Image> {
  const blob = source instanceof Uint8Array ? new Blob([source as Uint8Array<ArrayBuffer>]) : (source as Blob);
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(blob, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
  } catch (cause) {
    throw new DataError(
      `readImage: the browser does not decode these ${blob.size} bytes, expected a picture (${(cause as Error).message})`,
      "JPEG and PNG are decoded everywhere",
    );
  }
  const { width, height } = bitmap;
  try {
    const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    if (!context) throw new DataError("readImage: this browser draws no picture, expected a 2d context");
    context.drawImage(bitmap, 0, 0);
    return withoutAlpha(context.getImageData(0, 0, width, height));
  } finally {
    bitmap.close();
  }
}
