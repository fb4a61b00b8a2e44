/**
 * What a decoded picture is here: 8-bit RGB, rows from the top, samples interleaved. No colour profiles, no alpha, no
 * other depths: codecs convert to this form, transforms keep it, and a batch is such pictures laid end to end (NHWC).
 */

/** An 8-bit RGB picture; `data` has height * width * 3 bytes, [H, W, C]. */
export interface Image {
  readonly width: number;
  readonly height: number;
  readonly channels: 3;
  readonly data: Uint8Array;
}

/** Whether a value is a picture of this form, whole. */
export function isImage(value: object): value is Image {
  const { width, height, channels, data } = value as Partial<Image>;
  return channels === 3 && data instanceof Uint8Array && data.length === width! * height! * 3;
}

/** A region of a picture in pixels. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** A picture over `data`, or over fresh zeros. */
export function createImage(width: number, height: number, data?: Uint8Array): Image {
  return { width, height, channels: 3, data: data ?? new Uint8Array(width * height * 3) };
}

/** A copy of the region `box`, which must lie inside the picture; written to `into` if given. */
export function crop(image: Image, box: Box, into?: Uint8Array): Image {
  const rowBytes = box.width * 3;
  const data = into ?? new Uint8Array(rowBytes * box.height);
  for (let y = 0; y < box.height; y++) {
    const start = ((box.top + y) * image.width + box.left) * 3;
    data.set(image.data.subarray(start, start + rowBytes), y * rowBytes);
  }
  return createImage(box.width, box.height, data);
}

/** Mirrors the picture left to right, in place. */
export function flipHorizontal(image: Image): Image {
  const { width, height, data } = image;
  for (let y = 0; y < height; y++) {
    let left = y * width * 3;
    let right = left + (width - 1) * 3;
    for (; left < right; left += 3, right -= 3) {
      for (let c = 0; c < 3; c++) {
        const kept = data[left + c]!;
        data[left + c] = data[right + c]!;
        data[right + c] = kept;
      }
    }
  }
  return image;
}
