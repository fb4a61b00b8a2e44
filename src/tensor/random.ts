/**
 * Counter-based random numbers: Philox 4x32-10 (Salmon et al., SC 2011). (seed, stream, counter) -> bits, so that any
 * element can be drawn alone and the same everywhere. Not for data order: data/random has the reference's MT19937.
 */
import { storageTracer } from "./storage.js";

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const ROUNDS = 10;

/** High 32 bits of the product of two uint32. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const low = aLow * bLow;
  const mid1 = aHigh * bLow + (low >>> 16);
  const mid2 = aLow * bHigh + (mid1 & 0xffff);
  return (aHigh * bHigh + Math.floor(mid1 / 65536) + Math.floor(mid2 / 65536)) >>> 0;
}

/**
 * A stream of random numbers, Philox 4x32-10 (Salmon et al. 2011): equal seeds and streams give equal numbers everywhere.
 *
 * @example
 * ```ts
 * const random = new Random(7);
 * const noise = randn([2, 3], { seed: random });
 * console.log(noise.shape); // [2, 3]
 * ```
 */
export class Random {
  readonly #seed: number;
  readonly #stream: number;
  #counter: number;
  #spare: number[] = [];

  /** `stream` separates independent uses of one seed; `counter` continues where another generator stood. */
  constructor(seed: number, stream = 0, counter = 0) {
    this.#seed = seed >>> 0;
    this.#stream = stream >>> 0;
    this.#counter = counter;
  }

  /** Four fresh uint32 words. */
  #block(): number[] {
    let x0 = this.#counter >>> 0;
    let x1 = Math.floor(this.#counter / 2 ** 32) >>> 0;
    let x2 = this.#stream;
    let x3 = 0;
    let key0 = this.#seed;
    let key1 = 0;
    this.#counter++;
    for (let round = 0; round < ROUNDS; round++) {
      const high0 = multiplyHigh(MULTIPLIER_0, x0);
      const low0 = Math.imul(MULTIPLIER_0, x0) >>> 0;
      const high1 = multiplyHigh(MULTIPLIER_1, x2);
      const low1 = Math.imul(MULTIPLIER_1, x2) >>> 0;
      x0 = (high1 ^ x1 ^ key0) >>> 0;
      x1 = low1;
      x2 = (high0 ^ x3 ^ key1) >>> 0;
      x3 = low0;
      key0 = (key0 + WEYL_0) >>> 0;
      key1 = (key1 + WEYL_1) >>> 0;
    }
    return [x0, x1, x2, x3];
  }

  /** A uint32. */
  next32(): number {
    if (this.#spare.length === 0) this.#spare = this.#block();
    return this.#spare.shift()!;
  }

  /** Uniform in [0, 1), 53 bits. */
  uniform(): number {
    const high = this.next32() >>> 5;
    const low = this.next32() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  /** Standard normal, by Box and Muller: two uniform draws for each, the sine half left unused. */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }
}

/**
 * The one generator behind random tensors and the initial values of layers: a seed, and the number of the next stream. Each
 * draw takes a stream of its own, so that its values do not depend on how many elements earlier ones had.
 */
export class Generator {
  #seed = 0;
  #stream = 0;

  /** Starts again, as torch.manual_seed does. */
  manualSeed(seed: number): void {
    this.#seed = seed;
    this.#stream = 0;
  }

  /** The seed and a stream that nothing else has drawn from. */
  take(): { readonly seed: number; readonly stream: number } {
    const stream = this.#stream++;
    storageTracer()?.changed(() => void this.#stream--);
    return { seed: this.#seed, stream };
  }

  /** Where it stands: what take() would give next. */
  get state(): { readonly seed: number; readonly stream: number } {
    return { seed: this.#seed, stream: this.#stream };
  }

  /** Goes on where `state` was taken. */
  restore({ seed, stream }: { readonly seed: number; readonly stream: number }): void {
    this.#seed = seed;
    this.#stream = stream;
  }
}

export const generator = new Generator();

/**
 * Makes random tensors and layers built from now on start from this seed, as torch.manual_seed does. Models take their own seed instead.
 *
 * @example
 * ```ts
 * manualSeed(0);
 * const first = rand([2]).toArray();
 * manualSeed(0);
 * console.log(JSON.stringify(rand([2]).toArray()) === JSON.stringify(first)); // true
 * ```
 */
export const manualSeed = (seed: number): void => generator.manualSeed(seed);
