/**
 * Values over a picture as colours: enlarged smoothly to its size, alone or laid over it.
 */
import { createImage, type Image } from "../data/codecs/image.js";
import { UsageError } from "../util/errors.js";
import { heatColour } from "./heat-colours.js";

/** Values from 0 to 1, row by row. */
export interface HeatMap {
  readonly width: number;
  readonly height: number;
  /** [height, width] */
  readonly values: ArrayLike<number>;
}

/** The two values around each place of the longer axis, and the share of the second (half-pixel centres, edges repeated). */
function weights(from: number, to: number): { readonly low: number; readonly high: number; readonly share: number }[] {
  return Array.from({ length: to }, (_, i) => {
    const place = Math.min(from - 1, Math.max(0, ((i + 0.5) * from) / to - 0.5));
    const low = Math.floor(place);
    return { low, high: Math.min(from - 1, low + 1), share: place - low };
  });
}

/** The map at another size, bilinear as F.interpolate(align_corners=False) enlarges: [height, width]. */
export function enlargedMap({ width, height, values }: HeatMap, toWidth: number, toHeight: number): Float64Array {
  const columns = weights(width, toWidth);
  const result = new Float64Array(toWidth * toHeight);
  weights(height, toHeight).forEach((row, y) => {
    columns.forEach((column, x) => {
      const at = (line: number): number => {
        const left = values[line * width + column.low]!;
        return left + (values[line * width + column.high]! - left) * column.share;
      };
      const top = at(row.low);
      result[y * toWidth + x] = top + (at(row.high) - top) * row.share;
    });
  });
  return result;
}

/**
 * The map as a picture of `width` by `height`, dark where it is 0 and light where it is 1.
 *
 * @example
 * ```ts
 * const { data } = heatImage({ width: 2, height: 1, values: [0, 1] }, 4, 2);
 * console.log(data.length); // 24
 * ```
 */
export function heatImage(map: HeatMap, width: number, height: number): Image {
  const image = createImage(width, height);
  enlargedMap(map, width, height).forEach((value, i) => {
    image.data.set(heatColour(value), i * 3);
  });
  return image;
}

/**
 * The picture with the map over it: `opacity` of each pixel is heat, from 0 to 1. Throws UsageError for another opacity.
 *
 * @example
 * <!-- test: given picture from test/docs/given/images.ts -->
 * ```ts
 * const image = await readImage(picture);
 * const shown = heatOverlay(image, { width: 2, height: 2, values: [0, 0.2, 0.4, 1] });
 * console.log(shown.width, shown.height); // 32 32
 * ```
 */
export function heatOverlay(image: Image, map: HeatMap, { opacity = 0.5 }: { readonly opacity?: number } = {}): Image {
  if (!(opacity >= 0 && opacity <= 1)) throw new UsageError(`heatOverlay: opacity ${opacity}, expected 0 to 1`);
  const heat = heatImage(map, image.width, image.height);
  const data = heat.data.map((value, i) => Math.round(opacity * value + (1 - opacity) * image.data[i]!));
  return createImage(image.width, image.height, data);
}
