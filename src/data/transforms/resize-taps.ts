/** Weights of Pillow's resampling filters, in 22-bit fixed point (Pillow, src/libImaging/Resample.c). */

/** Names of the resampling filters. */
export type FilterName = "box" | "bilinear" | "bicubic" | "lanczos";

interface Filter {
  /** Half width, in source pixels when enlarging. */
  readonly support: number;
  readonly weight: (x: number) => number;
}

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI));
const BICUBIC_A = -0.5;

const filters: { readonly [K in FilterName]: Filter } = {
  box: { support: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: {
    support: 2,
    weight: (signed) => {
      const x = Math.abs(signed);
      if (x < 1) return ((BICUBIC_A + 2) * x - (BICUBIC_A + 3)) * x * x + 1;
      if (x < 2) return (((x - 5) * x + 8) * x - 4) * BICUBIC_A;
      return 0;
    },
  },
  lanczos: { support: 3, weight: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

/** Which source samples make each output sample, and with which weights. */
export interface Taps {
  /** First source index of each output. */
  readonly first: Int32Array;
  /** Number of source samples of each output. */
  readonly count: Int32Array;
  /** `stride` weights per output, scaled by 2^22. */
  readonly weights: Int32Array;
  readonly stride: number;
}

export const PRECISION_BITS = 22;
/** Half of the last place that is kept, for rounding. */
export const HALF = 1 << (PRECISION_BITS - 1);

function computeTaps(inSize: number, outSize: number, filter: Filter): Taps {
  const scale = inSize / outSize;
  const filterScale = Math.max(scale, 1);
  const support = filter.support * filterScale;
  const inverse = 1 / filterScale;
  const stride = Math.ceil(support) * 2 + 1;
  const taps: Taps = {
    first: new Int32Array(outSize),
    count: new Int32Array(outSize),
    weights: new Int32Array(outSize * stride),
    stride,
  };
  const raw = new Float64Array(stride);
  for (let o = 0; o < outSize; o++) {
    const center = (o + 0.5) * scale;
    const low = Math.max(0, Math.trunc(center - support + 0.5));
    const high = Math.min(inSize, Math.trunc(center + support + 0.5));
    let sum = 0;
    for (let x = low; x < high; x++) {
      const weight = filter.weight((x - center + 0.5) * inverse);
      raw[x - low] = weight;
      sum += weight;
    }
    for (let i = 0; i < high - low; i++) {
      const fixed = (sum === 0 ? raw[i]! : raw[i]! / sum) * (1 << PRECISION_BITS);
      taps.weights[o * stride + i] = Math.trunc(fixed < 0 ? fixed - 0.5 : fixed + 0.5);
    }
    taps.first[o] = low;
    taps.count[o] = high - low;
  }
  return taps;
}

/** Random crops ask for a few hundred widths; beyond this the oldest table goes. */
const CACHED_TABLES = 1024;
const tapsCache = new Map<string, Taps>();

/** The taps of one direction, from a table where they were asked for before. */
export function tapsFor(inSize: number, outSize: number, filter: FilterName): Taps {
  const key = `${filter} ${inSize} ${outSize}`;
  const cached = tapsCache.get(key);
  if (cached !== undefined) return cached;
  const taps = computeTaps(inSize, outSize, filters[filter]);
  if (tapsCache.size >= CACHED_TABLES) tapsCache.delete(tapsCache.keys().next().value!);
  tapsCache.set(key, taps);
  return taps;
}
