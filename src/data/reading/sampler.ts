/**
 * Which sample comes when: per epoch a permutation seeded with seed + epoch, repeated from its start until it divides among
 * the replicas, replica r taking positions r, r + replicas, ... (mmengine's DefaultSampler). Without padding the replicas
 * share out every sample once. It reads no files.
 */
import { DataError } from "../../util/errors.js";
import { randomPermutation } from "../random.js";
import { BalancedOrder } from "./balanced-order.js";

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
  /**
   * Repeat samples from the start until every rank has as many (default, as training needs it). false: each sample belongs to
   * one rank only, the first ones have one more, and a rank beyond the data set has none: what validation counts.
   */
  readonly pad?: boolean;
  /** Labels of all samples: every class comes equally often (balanced-order.ts), whatever `shuffle` says. */
  readonly balanced?: ArrayLike<number>;
}

/** The order of samples for one rank. */
export class EpochSampler {
  readonly #options: Required<Omit<SamplerOptions, "balanced">>;
  readonly #balanced: BalancedOrder | null;

  constructor(options: SamplerOptions) {
    const { seed = 0, shuffle = false, replicas = 1, rank = 0, pad = true, balanced } = options;
    this.#balanced = balanced ? new BalancedOrder(balanced) : null;
    const length = this.#balanced?.length ?? options.length;
    if (length < 1) throw new DataError(`sampler: ${length} samples, expected at least 1`);
    if (!(replicas >= 1 && rank >= 0 && rank < replicas))
      throw new DataError(`sampler: rank ${rank} of ${replicas} replicas, expected a rank from 0 to replicas - 1`);
    this.#options = { length, seed, shuffle, replicas, rank, pad };
  }

  /** Samples per epoch of this rank: ceil(length / replicas), or what falls to it without padding. */
  get samplesPerEpoch(): number {
    const { length, replicas, rank, pad } = this.#options;
    return pad ? Math.ceil(length / replicas) : Math.max(0, Math.ceil((length - rank) / replicas));
  }

  /** Indices into the data set in this rank's order for `epoch`. Without shuffle: sequential, padded alike. */
  order(epoch: number): Uint32Array {
    const { length, seed, shuffle, replicas, rank } = this.#options;
    const permutation =
      this.#balanced?.of(epoch, seed) ?? (shuffle ? randomPermutation(length, seed + epoch) : undefined);
    return Uint32Array.from({ length: this.samplesPerEpoch }, (_, i) => {
      const position = (rank + i * replicas) % length;
      return permutation === undefined ? position : permutation[position]!;
    });
  }

  /** Position in the whole epoch, over all ranks, of this rank's i-th sample: the same sample for any slicing. */
  globalPosition(i: number): number {
    return this.#options.rank + i * this.#options.replicas;
  }
}
