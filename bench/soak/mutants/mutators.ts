/**
 * Damage to files, drawn from a seed: flipped bits, changed bytes, cuts, splices of two files, repeated blocks, numbers replaced
 * by extremes, words of the format at wrong places. Each takes bytes and gives other bytes, never more than MAX_BYTES.
 */
import { MersenneTwister } from "../../../src/data/random.js";

/** A mutant larger than this is cut: what is to be found is found with less. */
const MAX_BYTES = 1 << 20;
/** Damages of one mutant at most: most have one or two, so that one alone is seen too. */
const MOST_DAMAGES = 4;
/** A block is repeated as often as 2 to the power of a draw below this. */
const REPEAT_BITS = 9;

/** Draws of one seed. */
export class Draw {
  readonly #twister: MersenneTwister;

  constructor(seed: number) {
    this.#twister = new MersenneTwister(seed);
  }

  /** A whole number from 0 to below `count`. */
  below(count: number): number {
    return Math.floor((this.#twister.next32() / 2 ** 32) * count);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  /** From 0 on, small ones more often, below `count`. */
  small(count: number): number {
    return this.below(1 + this.below(count));
  }
}

/** What a damage may use beside the bytes. */
export interface MutantSource {
  /** Another file of the kind. */
  readonly other: Uint8Array;
  /** Words of the format. */
  readonly words: readonly Uint8Array[];
}

type Mutator = (bytes: Uint8Array, draw: Draw, source: MutantSource) => Uint8Array;

const utf8 = new TextEncoder();

function joined(...pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** `bytes` with [at, at + length) replaced. */
const replaced = (bytes: Uint8Array, at: number, length: number, by: Uint8Array): Uint8Array =>
  joined(bytes.subarray(0, at), by, bytes.subarray(at + length));

/** Formats say most at their begin and at their end. */
function place(bytes: Uint8Array, draw: Draw): number {
  const { length } = bytes;
  if (length === 0) return 0;
  const kind = draw.below(4);
  if (kind === 0) return draw.small(Math.min(length, 256));
  if (kind === 1) return length - 1 - draw.small(Math.min(length, 256));
  return draw.below(length);
}

/** Numbers at which sizes, counts and offsets go wrong. */
const extremes = [0, 1, -1, 127, 128, 255, 256, 32767, 65535, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 53, -(2 ** 63)];

function extremeNumber(bytes: Uint8Array, draw: Draw): Uint8Array {
  const size = draw.pick([1, 2, 4, 8]);
  if (bytes.length < size) return bytes;
  const copy = bytes.slice();
  const at = Math.min(place(bytes, draw), bytes.length - size);
  const value = BigInt(draw.pick(extremes));
  const isLittle = draw.below(2) === 0;
  for (let i = 0; i < size; i++)
    copy[at + i] = Number(BigInt.asUintN(8, value >> BigInt(8 * (isLittle ? i : size - 1 - i))));
  return copy;
}

/** Numbers as text: digits somewhere in the file, replaced. */
const textNumbers = [
  "0",
  "-1",
  "1e999",
  "-0",
  "1.5",
  "2147483648",
  "9007199254740993",
  "1e-400",
  "NaN",
  "99999999999999",
];

function extremeText(bytes: Uint8Array, draw: Draw): Uint8Array {
  const from = place(bytes, draw);
  const isDigit = (at: number): boolean => bytes[at]! >= 0x30 && bytes[at]! <= 0x39;
  for (let at = from; at < Math.min(bytes.length, from + 4096); at++) {
    if (!isDigit(at)) continue;
    let end = at;
    while (end < bytes.length && isDigit(end)) end++;
    return replaced(bytes, at, end - at, utf8.encode(draw.pick(textNumbers)));
  }
  return bytes;
}

const mutators: { readonly [name: string]: Mutator } = {
  flipBit(bytes, draw) {
    if (bytes.length === 0) return bytes;
    const copy = bytes.slice();
    copy[place(bytes, draw)]! ^= 1 << draw.below(8);
    return copy;
  },
  changeBytes(bytes, draw) {
    if (bytes.length === 0) return bytes;
    const copy = bytes.slice();
    const at = place(bytes, draw);
    for (let i = at; i < Math.min(bytes.length, at + 1 + draw.small(8)); i++) copy[i] = draw.below(256);
    return copy;
  },
  cutEnd: (bytes, draw) => bytes.subarray(0, draw.below(bytes.length + 1)),
  removeBlock(bytes, draw) {
    const at = place(bytes, draw);
    return replaced(bytes, at, 1 + draw.small(Math.max(1, bytes.length - at)), new Uint8Array());
  },
  repeatBlock(bytes, draw) {
    const at = place(bytes, draw);
    const block = bytes.subarray(at, at + 1 + draw.small(Math.max(1, Math.min(256, bytes.length - at))));
    const times = 2 ** draw.small(REPEAT_BITS);
    return replaced(bytes, at, 0, joined(...new Array<Uint8Array>(times).fill(block)));
  },
  moveBlock(bytes, draw) {
    const at = place(bytes, draw);
    const block = bytes.slice(at, at + 1 + draw.small(64));
    const rest = replaced(bytes, at, block.length, new Uint8Array());
    return replaced(rest, place(rest, draw), 0, block);
  },
  splice(bytes, draw, { other }) {
    const [from, to] = [place(other, draw), place(bytes, draw)];
    const piece = other.subarray(from, from + 1 + draw.small(Math.max(1, other.length - from)));
    return draw.below(2) === 0
      ? joined(bytes.subarray(0, to), other.subarray(from))
      : replaced(bytes, to, piece.length, piece);
  },
  insertWord: (bytes, draw, { words }) =>
    words.length === 0 ? bytes : replaced(bytes, place(bytes, draw), 0, draw.pick(words)),
  overwriteWord(bytes, draw, { words }) {
    if (words.length === 0) return bytes;
    const word = draw.pick(words);
    return replaced(bytes, place(bytes, draw), word.length, word);
  },
  extremeNumber,
  extremeText,
};

const all = Object.values(mutators);

/** Some damages, one after another. */
export function mutate(bytes: Uint8Array, draw: Draw, source: MutantSource): Uint8Array {
  let mutant = bytes;
  for (let left = 1 + draw.small(MOST_DAMAGES); left > 0; left--) mutant = draw.pick(all)(mutant, draw, source);
  return mutant.slice(0, MAX_BYTES);
}
