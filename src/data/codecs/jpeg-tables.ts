/**
 * Huffman tables of a JPEG, made ready for decoding, and the ones that a file without tables means. Facts from ITU-T T.81: codes
 * from their lengths (annex C), the standard tables (K.3 to K.6), the zigzag order (figure A.6).
 */

/** Codes up to this length are found by one look into a table. */
export const LOOK_BITS = 9;
/** The longest code; nothing longer begins any. */
const LONGEST = 16;

/** A table ready for decoding. */
export interface HuffmanTable {
  /** By the next LOOK_BITS bits: length << 8 | symbol; 0 where the code is longer. */
  readonly look: Uint16Array;
  /** The largest code of each length, -1 where there is none; the last entry ends every search. */
  readonly largest: Int32Array;
  /** What is added to a code of each length for the place of its symbol. */
  readonly offset: Int32Array;
  readonly symbols: Uint8Array;
}

/** The table of these counts (of lengths 1 to 16) and symbols; null where the counts fit no code or a DC symbol is above 15. */
export function makeTable(counts: ArrayLike<number>, values: ArrayLike<number>, isDc: boolean): HuffmanTable | null {
  const look = new Uint16Array(1 << LOOK_BITS);
  const largest = new Int32Array(LONGEST + 2).fill(-1);
  const offset = new Int32Array(LONGEST + 2);
  const symbols = new Uint8Array(256);
  symbols.set(Array.from(values).slice(0, 256));
  let code = 0;
  let place = 0;
  for (let length = 1; length <= LONGEST; length++) {
    const count = counts[length - 1]!;
    offset[length] = place - code;
    for (let i = 0; i < count; i++, code++, place++) {
      if (isDc && symbols[place]! > 15) return null;
      if (length > LOOK_BITS) continue;
      const first = code << (LOOK_BITS - length);
      look.fill((length << 8) | symbols[place]!, first, first + (1 << (LOOK_BITS - length)));
    }
    // all ones is no code of this length or of any
    if (code >= 2 ** length && count > 0) return null;
    if (count > 0) largest[length] = code - 1;
    code <<= 1;
  }
  largest[LONGEST + 1] = 0xfffff;
  return { look, largest, offset, symbols };
}

/** Symbols of AC tables in groups of one run: the sizes in them rise from 1. */
const dcCounts = [
  [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0],
  [0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0],
];
const acCounts = [
  [0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 0x7d],
  [0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 0x77],
];
/** The first symbols of both tables, in hex; the others follow in rising order. */
const acFirst = [
  "0102030004110512213141061351610722711432 8191a1082342b1c11552d1f02433627282",
  "0001020311040521 3106124151076171 13223281081442 91a1b1c109233352f0156272d10a162434e125f1",
];

function acSymbols(which: number): number[] {
  const first = acFirst[which]!.replace(/ /g, "")
    .match(/../g)!
    .map((hex) => Number.parseInt(hex, 16));
  const rest: number[] = [];
  for (let run = 0; run < 16; run++)
    for (let size = 1; size <= 10; size++) if (!first.includes((run << 4) | size)) rest.push((run << 4) | size);
  return [...first, ...rest];
}

/** The standard tables: 0 for luminance, 1 for chrominance. */
export function standardTable(which: 0 | 1, isDc: boolean): HuffmanTable {
  const values = isDc ? Array.from({ length: 12 }, (_, i) => i) : acSymbols(which);
  return makeTable((isDc ? dcCounts : acCounts)[which]!, values, isDc)!;
}

/** Where the coefficients of a scan stand in a block. 16 more for damaged runs, which all lead to the last, as in libjpeg. */
export const naturalOrder = Uint8Array.from([
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
  35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47,
  55, 62, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63,
]);
