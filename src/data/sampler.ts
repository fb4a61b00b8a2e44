/**
 * Which sample comes when: per epoch a permutation seeded with seed + epoch, repeated from its start until it divides among
 * the replicas, replica r taking positions r, r + replicas, ... (mmengine's DefaultSampler). It reads no files.
 */
import { DataError } from "../util/errors.js";
import { randomPermutation } from "./random.js";

/** Where a run stands: `position` samples of `epoch` have been used up by this rank. */
export interface SamplerState {
  readonly epoch: number;
  readonly position: number;
}

/** What decides the order. */
export interface SamplerOptions {
  /** Number of samples in the data set. */
  readonly length: number;
  readonly seed?: number;
  readonly shuffle?: boolean;
  /** Into how many equal slices an epoch is cut, and which of them this is. */
  readonly replicas?: number;
  readonly rank?: number;
}

/** The order of samples for one rank. */
export class EpochSampler {
  private readonly options: Required<SamplerOptions>;

  constructor(options: SamplerOptions) {
    const { length, seed = 0, shuffle = false, replicas = 1, rank = 0 } = options;
    if (length < 1) throw new DataError(`sampler: ${length} samples, expected at least 1`);
    if (!(replicas >= 1 && rank >= 0 && rank < replicas)) {
      throw new DataError(`sampler: rank ${rank} of ${replicas} replicas, expected a rank from 0 to replicas - 1`);
    }
    this.options = { length, seed, shuffle, replicas, rank };
  }

  /** Samples per epoch and rank: ceil(length / replicas). */
  get samplesPerEpoch(): number {
    return Math.ceil(this.options.length / this.options.replicas);
  }

  /** Indices into the data set in this rank's order for `epoch`. Without shuffle: sequential, also padded. */
  order(epoch: number): Uint32Array {
    const { length, seed, shuffle, replicas, rank } = this.options;
    const permutation = shuffle ? randomPermutation(length, seed + epoch) : undefined;
    return Uint32Array.from({ length: this.samplesPerEpoch }, (_, i) => {
      const position = (rank + i * replicas) % length;
      return permutation === undefined ? position : permutation[position]!;
    });
  }

  /** Position in the whole epoch, over all ranks, of this rank's i-th sample: the same sample for any slicing. */
  globalPosition(i: number): number {
    return this.options.rank + i * this.options.replicas;
  }
}
