/**
 * The two random sources the reference uses for data: one MT19937 generator drawn from in PyTorch's way (permutations)
 * and in the way of numpy's legacy global generator (uniform, randint, normal). Not a source of weights or of anything secret.
 * Algorithm: Matsumoto and Nishimura, "Mersenne Twister", ACM TOMACS 8(1), 1998; seeding by Knuth's line generator.
 */
import { DataError } from "../util/errors.js";

const STATE_LENGTH = 624;
const MIDDLE = 397;
const TWIST_MATRIX = 0x9908b0df;

/** Everything needed to continue a generator: 624 words, how many were handed out, and a normal draw kept for later. */
export interface MersenneTwisterState {
  words: Uint32Array;
  position: number;
  spareNormal?: number | undefined;
}

/** MT19937 with a 32-bit seed; draws are those of numpy.random.seed(seed) and of a torch CPU generator. */
export class MersenneTwister {
  readonly #words = new Uint32Array(STATE_LENGTH);
  #position = STATE_LENGTH;
  /** The polar method makes two normal draws at a time. */
  #spareNormal: number | undefined;

  constructor(seed: number) {
    this.seed(seed);
  }

  /** Starts the stream of `seed` (taken modulo 2^32) over again. */
  seed(seed: number): void {
    const words = this.#words;
    words[0] = seed;
    for (let i = 1; i < STATE_LENGTH; i++) {
      const previous = words[i - 1]!;
      words[i] = Math.imul(previous ^ (previous >>> 30), 1812433253) + i;
    }
    this.#position = STATE_LENGTH;
    this.#spareNormal = undefined;
  }

  /** A copy of the state, for exact resume. */
  state(): MersenneTwisterState {
    return { words: this.#words.slice(), position: this.#position, spareNormal: this.#spareNormal };
  }

  /** A generator that continues where `state` was taken; throws DataError on a state of the wrong size. */
  static fromState(state: MersenneTwisterState): MersenneTwister {
    if (state.words.length !== STATE_LENGTH || !(state.position >= 0 && state.position <= STATE_LENGTH))
      throw new DataError(
        `MersenneTwister.fromState: ${state.words.length} words at position ${state.position}, expected ${STATE_LENGTH} words and a position of 0 to ${STATE_LENGTH}`,
      );
    const twister = new MersenneTwister(0);
    twister.#words.set(state.words);
    twister.#position = state.position;
    twister.#spareNormal = state.spareNormal;
    return twister;
  }

  /** The next 32 bits as an integer in [0, 2^32). */
  next32(): number {
    if (this.#position === STATE_LENGTH) this.#twist();
    let y = this.#words[this.#position++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    y ^= y >>> 18;
    return y >>> 0;
  }

  /** A double in [0, 1) with 53 random bits, from two draws (numpy legacy `random_sample`). */
  double(): number {
    const high = this.next32() >>> 5;
    const low = this.next32() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  /** numpy's legacy `uniform(low, high)`. */
  uniform(low: number, high: number): number {
    return low + (high - low) * this.double();
  }

  /** numpy's legacy `randint(0, n)`, n <= 2^32: masked rejection; n = 1 draws nothing. */
  randint(n: number): number {
    const largest = n - 1;
    if (largest <= 0) return 0;
    const mask = 0xffffffff >>> Math.clz32(largest);
    for (;;) {
      const value = (this.next32() & mask) >>> 0;
      if (value <= largest) return value;
    }
  }

  /** numpy's legacy `normal(mean, deviation)`: Marsaglia's polar method, whose second draw waits for the next call. */
  normal(mean: number, deviation: number): number {
    return mean + deviation * this.#standardNormal();
  }

  #standardNormal(): number {
    const spare = this.#spareNormal;
    this.#spareNormal = undefined;
    if (spare !== undefined) return spare;
    for (;;) {
      const a = 2 * this.double() - 1;
      const b = 2 * this.double() - 1;
      const radius = a * a + b * b;
      if (radius >= 1 || radius === 0) continue;
      const factor = Math.sqrt((-2 * Math.log(radius)) / radius);
      this.#spareNormal = factor * a;
      return factor * b;
    }
  }

  #twist(): void {
    const words = this.#words;
    for (let i = 0; i < STATE_LENGTH; i++) {
      const next = i + 1 === STATE_LENGTH ? 0 : i + 1;
      const far = i + MIDDLE < STATE_LENGTH ? i + MIDDLE : i + MIDDLE - STATE_LENGTH;
      const y = (words[i]! & 0x80000000) | (words[next]! & 0x7fffffff);
      words[i] = words[far]! ^ (y >>> 1) ^ (y & 1 ? TWIST_MATRIX : 0);
    }
    this.#position = 0;
  }
}

/** The permutation of 0..n-1 that torch.randperm gives on the CPU with a generator seeded by `seed`. */
export function randomPermutation(n: number, seed: number): Uint32Array {
  const twister = new MersenneTwister(seed);
  const order = new Uint32Array(n);
  for (let i = 0; i < n; i++) order[i] = i;
  for (let i = 0; i < n - 1; i++) {
    const j = i + (twister.next32() % (n - i));
    const kept = order[i]!;
    order[i] = order[j]!;
    order[j] = kept;
  }
  return order;
}

/**
 * A 32-bit seed for the augmentation of one sample, mixed from the run's seed, the epoch and the position in that epoch's order.
 * The reference draws from one stream per worker process instead; a seed per sample keeps every picture the same for any
 * number of workers and after a resume in the middle of an epoch, at the same distribution.
 */
export function sampleSeed(seed: number, epoch: number, position: number): number {
  let h = mix(seed ^ 0x9e3779b9);
  h = mix(h ^ epoch);
  return mix(h ^ position) >>> 0;
}

/** MurmurHash3's 32-bit finaliser. */
function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
