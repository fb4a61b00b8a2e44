/**
 * A thread that decodes: the browser's decoder, then our exact bilinear filter to the side that the project keeps. Only a picture several
 * times as large is made smaller by the browser first, at its quality "high", never at its default, which leaves pixels out.
 */

import type { Image } from "../../../src/data/codecs/image.js";
import { withoutAlpha } from "../../../src/data/codecs/picture-in-tab.js";
import { likenessOf } from "../../../src/data/sets/near-duplicates.js";
import { applyTransform } from "../../../src/data/transforms/index.js";
import { BETWEEN_SIDE, KEPT_SIDE } from "./chain.js";
import type { DecodeAnswer, DecodeAsk, Decoded } from "./messages.js";

function pixelsOf(bitmap: ImageBitmap): Image {
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("this browser draws no picture");
  context.drawImage(bitmap, 0, 0);
  return withoutAlpha(context.getImageData(0, 0, width, height));
}

/** The bitmap itself, or one of BETWEEN_SIDE, in whose favour it is closed. */
async function between(bitmap: ImageBitmap): Promise<ImageBitmap> {
  const { width, height } = bitmap;
  const scale = BETWEEN_SIDE / Math.min(width, height);
  if (scale >= 1) return bitmap;
  try {
    return await createImageBitmap(bitmap, {
      resizeWidth: Math.round(width * scale),
      resizeHeight: Math.round(height * scale),
      resizeQuality: "high",
    });
  } finally {
    bitmap.close();
  }
}

async function decode(file: Blob): Promise<Decoded> {
  const whole = await createImageBitmap(file, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
  const { width, height } = whole;
  const bitmap = await between(whole);
  try {
    const image = pixelsOf(bitmap);
    const isLarge = Math.min(image.width, image.height) > KEPT_SIDE;
    const kept = isLarge
      ? applyTransform([{ kind: "resizeShortSide", size: KEPT_SIDE, filter: "bilinear" }], image)
      : image;
    return { width, height, image: kept, likeness: likenessOf(kept) as Float32Array<ArrayBuffer> };
  } finally {
    bitmap.close();
  }
}

self.onmessage = async ({ data: { id, file } }: MessageEvent<DecodeAsk>) => {
  try {
    const decoded = await decode(file);
    const answer: DecodeAnswer = { id, ...decoded };
    postMessage(answer, { transfer: [decoded.image.data.buffer as ArrayBuffer, decoded.likeness.buffer] });
  } catch (error) {
    const why = error instanceof DOMException ? "the browser does not decode it" : String(error);
    postMessage({ id, error: why } satisfies DecodeAnswer);
  }
};
