/**
 * The pixels of a JPEG that is damaged or odd, as OpenCV gives them, whatever decoder was asked for: coefficients (jpeg-policy.ts)
 * through libjpeg's inverse DCT, its upsampling and its colours.
 */
import { createImage, type Image } from "./image.js";
import { finishRaw } from "./jpeg-finish.js";
import type { JpegHeader } from "./jpeg-header.js";
import { inverseDct, naturalQuantizer } from "./jpeg-idct.js";
import type { ReadJpeg } from "./jpeg-policy.js";
import { smooth } from "./jpeg-smoothing.js";

/** Rows of MCUs below the last data that it can still reach: two by estimates of a progressive file, one by upsampling. */
const MARGIN_ROWS = 3;

/** 8-bit RGB as stored. */
export function repairedPixels(read: ReadJpeg, header: JpegHeader): Image {
  const { width, height: wholeHeight, maxH, maxV, components } = read.frame;
  const height = Math.min(wholeHeight, 8 * maxV * (read.coefficients.dataRows + MARGIN_ROWS));
  const samples = new Uint8Array(width * height * components.length);
  const stride = components.length;
  components.forEach(({ h, v, columns }, channel) => {
    const plane = planeOf(read, channel);
    const planeWidth = 8 * columns;
    const ratioX = maxH / h;
    const ratioY = maxV / v;
    for (let y = 0, to = channel; y < height; y++) {
      const row = Math.floor(y / ratioY) * planeWidth;
      if (ratioX === 1) for (let x = 0; x < width; x++, to += stride) samples[to] = plane[row + x]!;
      else for (let x = 0; x < width; x++, to += stride) samples[to] = plane[row + Math.floor(x / ratioX)]!;
    }
  });
  return withRowsBelow(finishRaw(samples, { ...header, height }), width, height, wholeHeight);
}

/** The picture with its last row repeated down to `wholeHeight`: where there is no data, all rows are alike. */
function withRowsBelow(data: Uint8Array, width: number, height: number, wholeHeight: number): Image {
  if (height === wholeHeight) return createImage(width, height, data);
  const whole = createImage(width, wholeHeight);
  whole.data.set(data);
  const start = (height - 1) * width * 3;
  for (let filled = width * 3; start + filled < whole.data.length; filled *= 2)
    whole.data.copyWithin(start + filled, start, start + filled);
  return whole;
}

/** Whether all coefficients of the block are zero; two of them are an entry of `pairs`. */
function isEmptyBlock(pairs: Int32Array, block: number): boolean {
  for (let i = 32 * block; i < 32 * block + 32; i++) if (pairs[i] !== 0) return false;
  return true;
}

/** The samples of one component, [8 rows, 8 columns] of blocks. */
function planeOf({ frame, coefficients, knowledge }: ReadJpeg, component: number): Uint8Array {
  const { columns, rows: allRows, stride, v } = frame.components[component]!;
  const rows = Math.min(allRows, v * (coefficients.dataRows + MARGIN_ROWS));
  const known = knowledge?.[component];
  const blocks = known ? smooth(frame, component, known, coefficients) : coefficients.blocks[component]!;
  const quantizer = naturalQuantizer(coefficients.quantizers[component]);
  const width = 8 * columns;
  // of blocks without data, too: those that a false height adds may be many
  const plane = new Uint8Array(width * 8 * rows).fill(128);
  const pairs = new Int32Array(blocks.buffer, blocks.byteOffset, blocks.length / 2);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const at = row * stride + column;
      if (isEmptyBlock(pairs, at)) continue;
      const samples = inverseDct(blocks, 64 * at, quantizer);
      let to = 8 * (row * width + column);
      for (let i = 0; i < 64; i++) {
        const sample = samples[i]! + 128;
        plane[to] = sample < 0 ? 0 : sample > 255 ? 255 : sample;
        to += (i & 7) === 7 ? width - 7 : 1;
      }
    }
  }
  return plane;
}
