/**
 * Ranges of activations for 8 bits: what was seen, cut where the rule says so, and the scale and zero point that follow. Every
 * range holds 0, which padding is, as a number of its own.
 */

export interface Range {
  readonly min: number;
  readonly max: number;
}

/** How a range follows from what was seen. */
export const rangeRules = ["min-max", "percentile", "mse"] as const;
/** "min-max": all of it; "percentile": all but a hundredth of a percent; "mse": the cut with the least mean squared error. */
export type RangeRule = (typeof rangeRules)[number];

/** Steps of uint8. */
const LEVELS = 255;
const BINS = 2048;
/** Share of the values that "percentile" keeps. */
const KEPT_SHARE = 0.9999;
/** Cuts that "mse" tries, down to a fifth of the range. */
const CUTS = 80;
const LEAST_CUT = 0.2;

/** What came through a value: its extremes, and how often each of equal bins between them. */
export class Histogram {
  readonly range: Range;
  readonly counts = new Float64Array(BINS);
  readonly #binWidth: number;

  constructor({ min, max }: Range) {
    this.range = { min: Math.min(0, min), max: Math.max(0, max) };
    this.#binWidth = (this.range.max - this.range.min) / BINS || 1;
  }

  add(values: ArrayLike<number>): void {
    const { min } = this.range;
    for (let i = 0; i < values.length; i++) {
      const bin = Math.floor((values[i]! - min) / this.#binWidth);
      this.counts[Math.min(BINS - 1, Math.max(0, bin))]!++;
    }
  }

  /** Both ends cut by the same share of the values, 0 kept. */
  percentile(): Range {
    const { min, max } = this.range;
    const total = this.counts.reduce((sum, count) => sum + count, 0);
    // of what is spared, half at each end that has anything below or above 0
    const ends = (min < 0 ? 1 : 0) + (max > 0 ? 1 : 0) || 1;
    const spared = ((1 - KEPT_SHARE) * total) / ends;
    let [low, high] = [0, BINS - 1];
    for (let seen = 0; low < high && seen + this.counts[low]! <= spared; low++) seen += this.counts[low]!;
    for (let seen = 0; high > low && seen + this.counts[high]! <= spared; high--) seen += this.counts[high]!;
    return { min: Math.min(0, min < 0 ? this.#at(low) : 0), max: Math.max(0, max > 0 ? this.#at(high + 1) : 0) };
  }

  #at(bin: number): number {
    return this.range.min + bin * this.#binWidth;
  }

  /** The share of the range whose rounding and cutting errors, by the bins' centres, are least. */
  leastError(): Range {
    const { min, max } = this.range;
    let [best, least]: [Range, number] = [this.range, Infinity];
    for (let i = 0; i < CUTS; i++) {
      const share = 1 - ((1 - LEAST_CUT) * i) / CUTS;
      const range = { min: min * share, max: max * share };
      const error = this.#errorOf(range);
      if (error < least) [best, least] = [range, error];
    }
    return best;
  }

  #errorOf(range: Range): number {
    const step = (range.max - range.min) / LEVELS;
    let sum = 0;
    for (let bin = 0; bin < BINS; bin++) {
      const count = this.counts[bin]!;
      if (count === 0) continue;
      const value = this.#at(bin + 0.5);
      const cut = value - Math.min(range.max, Math.max(range.min, value));
      // the error of rounding is even over a step
      sum += count * (cut === 0 ? step ** 2 / 12 : cut ** 2);
    }
    return sum;
  }

  by(rule: RangeRule): Range {
    if (rule === "percentile") return this.percentile();
    return rule === "mse" ? this.leastError() : this.range;
  }
}

/** How reals become bytes: byte = round(x / scale) + zeroPoint, limited to 0..255. */
export interface Quantizer {
  /** A float32. */
  readonly scale: number;
  readonly zeroPoint: number;
}

/** The quantiser of a range, whose 0 is exact. A range without extent has scale 1. */
export function quantizerOf({ min, max }: Range): Quantizer {
  const scale = Math.fround((Math.max(0, max) - Math.min(0, min)) / LEVELS);
  if (!(scale > 0)) return { scale: 1, zeroPoint: 0 };
  return { scale, zeroPoint: Math.min(LEVELS, Math.max(0, Math.round(-Math.min(0, min) / scale))) };
}
