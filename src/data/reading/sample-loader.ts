/**
 * Batches of any data set, epoch by epoch, collated ahead of their use, in this thread. The order depends on seed and epoch only, so
 * a start in the middle of an epoch gives the same batches. Runs in Node and in a tab; pictures in files, decoded by threads,
 * are loader.ts's.
 */
import { DataError } from "../../util/errors.js";
import { lookAhead } from "../../util/look-ahead.js";
import { expectDataset, type MapDataset } from "../sets/map-dataset.js";
import { type Collated, collate } from "./collate.js";
import { EpochSampler } from "./sampler.js";

/** The indices of an epoch, in their order: any number of them, any of them more than once. */
export type Sampler = (epoch: number) => Iterable<number>;

/** How to make batches of samples. */
export interface SampleLoaderOptions<S, B> {
  /** Default 1, torch's. */
  readonly batchSize?: number;
  /** A new order each epoch, of `seed` + epoch. Default false. */
  readonly shuffle?: boolean;
  /** The order itself, instead of shuffle. */
  readonly sampler?: Sampler;
  /** Default 0. */
  readonly seed?: number;
  /** Leave out a last batch that is not full. */
  readonly dropLast?: boolean;
  /** Samples to a batch. Default: numbers, arrays and tensors get a first axis, whatever they are parts of. */
  readonly collate?: (samples: S[]) => B | Promise<B>;
  /** Batches in work beyond the one in use. Default 1; 0 begins a batch when it is asked for. */
  readonly prefetch?: number;
}

function expectCount(name: string, value: number, least: number): void {
  if (!Number.isInteger(value) || value < least)
    throw new DataError(`DataLoader: ${name} ${value}, expected a whole number of at least ${least}`);
}

/**
 * Iterates over a data set in batches (torch.utils.data.DataLoader, without processes): `for await` gives the next epoch,
 * `epoch(n)` a certain one. The same seed gives the same batches everywhere. Throws DataError for samples that do not fit together.
 *
 * @example
 * ```ts
 * const set = new TensorDataset(rand([10, 4]), tensor(Int32Array.from({ length: 10 }, (_, i) => i % 2)));
 * const loader = new DataLoader(set, { batchSize: 4, shuffle: true });
 * for await (const [x, y] of loader) console.log(x?.shape, y?.shape); // [4, 4] [4], twice, then [2, 4] [2]
 * ```
 */
export class DataLoader<S, B = Collated<S>> implements AsyncIterable<B> {
  readonly batchSize: number;
  readonly #set: MapDataset<S>;
  readonly #orderOf: Sampler;
  readonly #collate: ((samples: S[]) => B | Promise<B>) | undefined;
  readonly #dropLast: boolean;
  readonly #prefetch: number;
  readonly #samples: number | null;
  #nextEpoch = 0;

  /** Throws DataError for counts that are none, and for a shuffle beside a sampler. */
  constructor(set: MapDataset<S>, options: SampleLoaderOptions<S, B> = {}) {
    expectDataset("DataLoader", set);
    const { batchSize = 1, shuffle = false, sampler, seed = 0, dropLast = false, prefetch = 1 } = options;
    expectCount("batchSize", batchSize, 1);
    expectCount("prefetch", prefetch, 0);
    if (sampler && shuffle)
      throw new DataError("DataLoader: shuffle and a sampler, expected one of them", "a sampler decides the order");
    if (!sampler && set.length === 0) throw new DataError("DataLoader: 0 samples, expected at least 1");
    this.#set = set;
    this.batchSize = batchSize;
    this.#orderOf = sampler ?? ((epoch) => new EpochSampler({ length: set.length, seed, shuffle }).order(epoch));
    this.#collate = options.collate;
    this.#dropLast = dropLast;
    this.#prefetch = prefetch;
    this.#samples = sampler ? null : set.length;
    if (this.batchesPerEpoch === 0)
      throw new DataError(
        `DataLoader: ${set.length} samples do not fill one batch of ${batchSize}, expected at least ${batchSize}`,
        `use batchSize ${set.length} or less, or keep the last batch`,
      );
  }

  /** null where a sampler decides. */
  get batchesPerEpoch(): number | null {
    return this.#samples === null ? null : this.#batchesOf(this.#samples);
  }

  #batchesOf(samples: number): number {
    return this.#dropLast ? Math.floor(samples / this.batchSize) : Math.ceil(samples / this.batchSize);
  }

  /** The epoch after the one that was last begun in this way. */
  [Symbol.asyncIterator](): AsyncIterator<B> {
    return this.epoch(this.#nextEpoch++);
  }

  /** The batches of 0-based `epoch` from `startBatch` on. */
  async *epoch(epoch: number, { startBatch = 0 }: { readonly startBatch?: number } = {}): AsyncIterableIterator<B> {
    const order = [...this.#orderOf(epoch)];
    const count = this.#batchesOf(order.length);
    if (!Number.isInteger(startBatch) || startBatch < 0 || startBatch > count)
      throw new DataError(`DataLoader.epoch: startBatch ${startBatch}, expected 0 to ${count}`);
    const { batchSize } = this;
    yield* lookAhead(count - startBatch, 1 + this.#prefetch, (turn) => {
      const first = (startBatch + turn) * batchSize;
      return this.#batch(order.slice(first, first + batchSize));
    });
  }

  async #batch(indices: readonly number[]): Promise<B> {
    const set = this.#set;
    if (!this.#collate && set.getBatch) return (await set.getBatch(indices)) as B;
    const samples = await Promise.all(indices.map((index) => set.get(index)));
    return this.#collate ? this.#collate(samples) : ((await collate(samples)) as B);
  }
}
