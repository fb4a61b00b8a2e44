/**
 * How long a zlib stream is when unpacked, without unpacking it: its codes are read, and what they stand for is only counted. So a PNG
 * of one pixel whose data unpacks to a gigabyte is known before there is room for it. Formats: RFC 1950 and 1951.
 */

/** Extra bits of the length codes 257 to 285, and the shortest length of each. */
const lengthBits = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const lengths = lengthBits.map((_, i) => lengthBits.slice(0, i).reduce((sum, bits) => sum + 2 ** bits, 3));
lengths[28] = 258;
const distanceBits = Array.from({ length: 30 }, (_, i) => Math.max(0, (i >> 1) - 1));
/** The order in which lengths of code-length codes come. */
const codeOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

const LONGEST = 15;
/** By the next 15 bits, first bit lowest: length of the code << 9 | symbol; 0 where there is none. */
type Codes = Uint16Array;

function makeCodes(sizes: ArrayLike<number>): Codes {
  const codes = new Uint16Array(1 << LONGEST);
  let code = 0;
  for (let size = 1; size <= LONGEST; size++) {
    for (let symbol = 0; symbol < sizes.length; symbol++) {
      if (sizes[symbol] !== size) continue;
      let reversed = 0;
      for (let bit = 0; bit < size; bit++) if (code & (1 << bit)) reversed |= 1 << (size - 1 - bit);
      for (let at = reversed; at < codes.length; at += 1 << size) codes[at] = (size << 9) | symbol;
      code++;
    }
    code <<= 1;
  }
  return codes;
}

const fixedLiterals = makeCodes([
  ...new Array<number>(144).fill(8),
  ...new Array<number>(112).fill(9),
  ...new Array<number>(24).fill(7),
  ...new Array<number>(8).fill(8),
]);
const fixedDistances = makeCodes(new Array<number>(30).fill(5));

/** Bytes that `zlib` unpacks to, as far as it can be read; the count ends soon after it is above `most`. */
export function inflatedBytes(zlib: Uint8Array, most: number): number {
  const bits = new LowBits(zlib, 2);
  let count = 0;
  for (let isLast = false; !isLast && !bits.isAtEnd && count <= most; ) {
    isLast = bits.take(1) === 1;
    const kind = bits.take(2);
    if (kind === 3) return count;
    if (kind === 0) count += bits.skipStored();
    else {
      const codes = kind === 1 ? { literals: fixedLiterals, distances: fixedDistances } : readCodes(bits);
      count += countBlock(bits, codes.literals, codes.distances, most - count);
    }
  }
  return count;
}

function countBlock(bits: LowBits, literals: Codes, distances: Codes, most: number): number {
  let count = 0;
  while (count <= most && !bits.isAtEnd) {
    const symbol = bits.symbol(literals);
    if (symbol === 256) break;
    if (symbol < 256) count++;
    else {
      const code = symbol - 257;
      if (code > 28) break;
      count += lengths[code]! + bits.take(lengthBits[code]!);
      bits.take(distanceBits[bits.symbol(distances)] ?? 0);
    }
  }
  return count;
}

function readCodes(bits: LowBits): { literals: Codes; distances: Codes } {
  const literalCount = bits.take(5) + 257;
  const distanceCount = bits.take(5) + 1;
  const sizes = new Uint8Array(19);
  for (let i = 0, count = bits.take(4) + 4; i < count; i++) sizes[codeOrder[i]!] = bits.take(3);
  const codes = makeCodes(sizes);
  const all = new Uint8Array(literalCount + distanceCount);
  for (let i = 0; i < all.length && !bits.isAtEnd; ) {
    const symbol = bits.symbol(codes);
    if (symbol < 16) all[i++] = symbol;
    else {
      const value = symbol === 16 && i > 0 ? all[i - 1]! : 0;
      const run = symbol === 16 ? 3 + bits.take(2) : symbol === 17 ? 3 + bits.take(3) : 11 + bits.take(7);
      all.fill(value, i, i + run);
      i += run;
    }
  }
  return { literals: makeCodes(all.subarray(0, literalCount)), distances: makeCodes(all.subarray(literalCount)) };
}

/** Bits of a byte array, the lowest of each byte first; zeros behind its end. */
class LowBits {
  readonly #bytes: Uint8Array;
  #at: number;
  #bits = 0;
  #count = 0;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get isAtEnd(): boolean {
    return this.#at > this.#bytes.length + 4;
  }

  #fill(): void {
    while (this.#count <= 16) {
      this.#bits |= (this.#bytes[this.#at++] ?? 0) << this.#count;
      this.#count += 8;
    }
  }

  /** At most 16 bits. */
  take(count: number): number {
    if (this.#count < count) this.#fill();
    const value = this.#bits & ((1 << count) - 1);
    this.#bits >>>= count;
    this.#count -= count;
    return value;
  }

  symbol(codes: Codes): number {
    if (this.#count < LONGEST) this.#fill();
    const entry = codes[this.#bits & ((1 << LONGEST) - 1)]!;
    const size = entry >> 9 || 1;
    this.#bits >>>= size;
    this.#count -= size;
    return entry & 511;
  }

  /** Passes over a block that is stored as it is, and gives its length. */
  skipStored(): number {
    this.#at -= this.#count >> 3;
    this.#bits = 0;
    this.#count = 0;
    const length = (this.#bytes[this.#at] ?? 0) | ((this.#bytes[this.#at + 1] ?? 0) << 8);
    this.#at += 4 + length;
    return length;
  }
}
