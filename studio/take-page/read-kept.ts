/** A dropped file as the picture that the studio would have kept of it. Needs a browser's decoder. */
import { readImage } from "tensorone";
import type { Image } from "../../src/data/codecs/image.js";
import { withoutAlpha } from "../../src/data/codecs/picture-in-tab.js";
import { keptOf, type PageModel } from "./page-model.js";

/** The browser's own filter at its best quality down to `side`; null for a picture that is no larger, and for no picture. */
async function betweenOf(file: Blob, side: number): Promise<Image | null> {
  const whole = await createImageBitmap(file, { colorSpaceConversion: "none", premultiplyAlpha: "none" }).catch(
    () => null,
  );
  if (whole === null) return null;
  try {
    const { width, height } = whole;
    const scale = side / Math.min(width, height);
    if (scale >= 1) return null;
    const [resizeWidth, resizeHeight] = [Math.round(width * scale), Math.round(height * scale)];
    const small = await createImageBitmap(whole, { resizeWidth, resizeHeight, resizeQuality: "high" });
    const context = new OffscreenCanvas(resizeWidth, resizeHeight).getContext("2d", { willReadFrequently: true })!;
    context.drawImage(small, 0, 0);
    small.close();
    return withoutAlpha(context.getImageData(0, 0, resizeWidth, resizeHeight));
  } finally {
    whole.close();
  }
}

/** Throws DataError for a file that is no picture. */
export async function readKept(file: Blob, about: Pick<PageModel, "keptSide" | "betweenSide">): Promise<Image> {
  const { betweenSide } = about;
  const between = betweenSide === undefined ? null : await betweenOf(file, betweenSide);
  return keptOf(between ?? (await readImage(file)), about);
}
