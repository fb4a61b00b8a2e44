/**
 * A quick look through the image data of a sequential JPEG: is every code in its table, every block whole, every restart marker in its
 * place, every sample within range? That is nearly every file there is. Where the answer is no, jpeg-scan.ts finds out why.
 */
import { inverseDct } from "./jpeg-idct.js";
import { type HuffmanTable, LOOK_BITS, naturalOrder } from "./jpeg-tables.js";

/** One block of an MCU. */
export interface PlainBlock {
  readonly dc: HuffmanTable;
  readonly ac: HuffmanTable;
  /** By component, so that DC values are told apart. */
  readonly member: number;
  /** By place in the block. */
  readonly quantizer: Int32Array;
  /** By zigzag place, what one step of a coefficient changes a sample at most, times GAIN_SCALE. */
  readonly gains: Int32Array;
}

/** Samples less 128 that libjpeg's portable form cuts as its vector forms do (its table of 1,024 entries). */
const LARGEST_SAMPLE = 511;
const GAIN_SCALE = 64;
const LARGEST_SUM = LARGEST_SAMPLE * GAIN_SCALE;
/** Larger products do not fit the 16 bits of the vector forms. */
const LARGEST_PRODUCT = 32767;

/** The gains of a quantisation table in zigzag order: 1/8 for DC, √2/8 beside it, 1/4 elsewhere (T.81, A.3.3). */
export function gainsOf(zigzag: Uint16Array): Int32Array {
  return Int32Array.from(zigzag, (step, k) => {
    const place = naturalOrder[k]!;
    const gain = k === 0 ? 1 / 8 : place < 8 || place % 8 === 0 ? Math.SQRT2 / 8 : 1 / 4;
    return Math.ceil(step * gain * GAIN_SCALE);
  });
}

/** Whether a block's samples leave the range that every decoder's arithmetic cuts alike. */
export function isWild(blocks: Int16Array, base: number, quantizer: Int32Array): boolean {
  let products = 0;
  for (let i = 0; i < 64; i++) {
    const value = blocks[base + i]!;
    if (value !== 0) products += Math.abs(value * quantizer[i]!);
  }
  // a sample changes by a quarter of a coefficient at most
  if (products <= 4 * LARGEST_SAMPLE) return false;
  if (products > LARGEST_PRODUCT) return true;
  return inverseDct(blocks, base, quantizer).some((sample) => sample > LARGEST_SAMPLE || sample < -LARGEST_SAMPLE - 1);
}

/** A code longer than LOOK_BITS among 16 bits: length << 8 | symbol; 0 where there is none. */
function longCode({ largest, offset, symbols }: HuffmanTable, bits: number): number {
  for (let length = LOOK_BITS + 1; length <= 16; length++) {
    const code = bits >> (16 - length);
    if (code <= largest[length]!) return (length << 8) | symbols[(code + offset[length]!) & 255]!;
  }
  return 0;
}

const LOOK_MASK = (1 << LOOK_BITS) - 1;
const block = new Int16Array(64);
const places = new Uint8Array(64);

/** Where the data from `start` on ends, with `mcus` MCUs of these blocks; -1 where anything about it is not plain. */
export function plainEnd(
  bytes: Uint8Array,
  start: number,
  mcus: number,
  blocks: readonly PlainBlock[],
  interval: number,
): number {
  const predicted = new Int32Array(4);
  const size = bytes.length - 1;
  let at = start;
  let bits = 0;
  let count = 0;
  // zeros in place of bytes behind a marker, in bits
  let missing = 0;
  let left = interval;
  let restarts = 0;
  for (let mcu = 0; mcu < mcus; mcu++) {
    if (interval > 0 && left-- === 0) {
      if (count - missing < 0 || count - missing > 7) return -1;
      if (bytes[at] !== 0xff || bytes[at + 1] !== 0xd0 + (restarts & 7)) return -1;
      at += 2;
      restarts++;
      count = 0;
      missing = 0;
      left = interval - 1;
      predicted.fill(0);
    }
    for (let b = 0; b < blocks.length; b++) {
      const { dc, ac, member, gains, quantizer } = blocks[b]!;
      let table = dc;
      let { look } = dc;
      let sum = 0;
      let found = 0;
      for (let k = 0; k < 64; k++) {
        while (count <= 24) {
          let byte = 0;
          if (at < size && (bytes[at]! !== 0xff || bytes[at + 1]! === 0)) {
            byte = bytes[at]!;
            at += byte === 0xff ? 2 : 1;
          } else missing += 8;
          bits = (bits << 8) | byte;
          count += 8;
        }
        let entry = look[(bits >>> (count - LOOK_BITS)) & LOOK_MASK]!;
        if (entry === 0) {
          entry = longCode(table, (bits >>> (count - 16)) & 0xffff);
          if (entry === 0) return -1;
        }
        count -= entry >> 8;
        const wide = entry & 15;
        let value = 0;
        if (wide > 0) {
          while (count < wide) {
            let byte = 0;
            if (at < size && (bytes[at]! !== 0xff || bytes[at + 1]! === 0)) {
              byte = bytes[at]!;
              at += byte === 0xff ? 2 : 1;
            } else missing += 8;
            bits = (bits << 8) | byte;
            count += 8;
          }
          count -= wide;
          const mask = (1 << wide) - 1;
          value = (bits >>> count) & mask;
          if (value <= mask >> 1) value -= mask;
        }
        if (k === 0) {
          value = predicted[member]! + value;
          predicted[member] = value;
          if (value > 32767 || value < -32768) return -1;
          table = ac;
          look = ac.look;
        } else if (wide === 0) {
          if ((entry & 0xf0) !== 0xf0) break;
          k += 15;
          continue;
        } else {
          k += (entry >> 4) & 15;
          if (k > 63) return -1;
        }
        const place = naturalOrder[k]!;
        block[place] = value;
        places[found++] = place;
        sum += (value < 0 ? -value : value) * gains[k]!;
      }
      const isSafe = sum <= LARGEST_SUM || !isWild(block, 0, quantizer);
      while (found > 0) block[places[--found]!] = 0;
      if (!isSafe) return -1;
    }
    if (count < missing) return -1;
  }
  return count - missing > 7 ? -1 : at;
}
