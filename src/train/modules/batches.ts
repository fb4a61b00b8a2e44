/**
 * Whatever training data is, as pairs of tensors, epoch by epoch.
 */
import type { Batch } from "../../data/reading/batch.js";
import { DataLoader } from "../../data/reading/sample-loader.js";
import type { MapDataset } from "../../data/sets/map-dataset.js";
import { Tensor } from "../../tensor/tensor.js";
import { DataError, UsageError } from "../../util/errors.js";
import { BatchInput } from "../steps/input.js";
import type { EpochLoader, Pair, TrainData } from "./options.js";

/** A batch on its way through a step. */
export interface TensorBatch {
  readonly input: Tensor;
  readonly target: Tensor;
  /** Frees what was made for it; the caller's own tensors stay. */
  release(): void;
}

/** How samples become batches. */
export interface BatchOptions<B> {
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly seed: number;
  readonly batchOf?: ((batch: B) => Pair) | undefined;
}

const has = <K extends string>(value: unknown, ...names: readonly K[]): value is Readonly<Record<K, unknown>> =>
  typeof value === "object" && value !== null && names.every((name) => name in value);
const isPictures = (batch: unknown): batch is Batch => has(batch, "images", "labels", "height", "width", "size");
const isIterable = (value: unknown): boolean =>
  has(value, Symbol.iterator as never) || has(value, Symbol.asyncIterator as never);

const HINT = "batchOf: (batch) => [input, target] says what of a batch is which";

/** The batches of one source. */
export class PairSource<B> {
  readonly #where: string;
  readonly #source: Exclude<TrainData<B>, MapDataset<unknown>>;
  /** Whether tensors of a batch are nobody else's. */
  readonly #isOwn: boolean;
  readonly #batchOf: ((batch: B) => Pair) | undefined;
  readonly #pictures = new BatchInput();

  /** Throws UsageError for what gives no batches. */
  constructor(where: string, data: TrainData<B>, { batchOf, ...options }: BatchOptions<B>) {
    this.#where = where;
    this.#batchOf = batchOf;
    const isSet = has(data, "get", "length") && typeof data.get === "function";
    this.#isOwn = isSet && batchOf === undefined;
    if (isSet) this.#source = new DataLoader(data as MapDataset<unknown>, options) as unknown as EpochLoader<B>;
    else if (typeof data === "function" || has(data, "epoch") || isIterable(data)) this.#source = data as never;
    else
      throw new UsageError(
        `${where}: ${data === null ? "null" : typeof data}, expected a data set { length, get }, a DataLoader, batches or a function (epoch) => batches`,
        has(data, "samples")
          ? "new DataLoader(set, { batchSize, transform }) of tensorone/node reads pictures"
          : undefined,
      );
  }

  /** Of an epoch; null where nobody knows before. */
  get batchesPerEpoch(): number | null {
    return has(this.#source, "batchesPerEpoch") ? (this.#source.batchesPerEpoch as number | null) : null;
  }

  /** The batches of 0-based `epoch` from `startBatch` on. Throws DataError where there are none at all. */
  async *epoch(epoch: number, startBatch: number): AsyncGenerator<TensorBatch> {
    const source = this.#source;
    let skip = startBatch;
    let batches: Iterable<B> | AsyncIterable<B>;
    if (typeof source === "function") batches = source(epoch);
    else if (has(source, "epoch")) {
      batches = (source as EpochLoader<B>).epoch(epoch, { startBatch });
      skip = 0;
    } else batches = source as Iterable<B> | AsyncIterable<B>;
    let count = 0;
    for await (const batch of batches) if (count++ >= skip) yield this.#tensorsOf(batch);
    if (count === 0 && startBatch === 0)
      throw new DataError(
        `${this.#where}: epoch ${epoch + 1} has no batches, expected at least one`,
        "an iterator is used up after one epoch: give (epoch) => batches, or an array",
      );
  }

  #tensorsOf(batch: B): TensorBatch {
    const free = (tensors: readonly Tensor[]) => (): void => {
      for (const one of tensors) one.dispose();
    };
    if (!this.#batchOf && isPictures(batch)) {
      const { images, labels } = this.#pictures.tensors(batch);
      batch.release();
      return { input: images, target: labels, release: free([images, labels]) };
    }
    const pair: unknown = this.#batchOf ? this.#batchOf(batch) : batch;
    const [input, target] = Array.isArray(pair) ? (pair as unknown[]) : [];
    if (!(input instanceof Tensor) || !(target instanceof Tensor) || (pair as unknown[]).length !== 2)
      throw new UsageError(
        `${this.#where}: a batch is ${Array.isArray(pair) ? `a list of ${pair.length}` : typeof pair}, expected [input, target] of tensors`,
        HINT,
      );
    return { input, target, release: this.#isOwn ? free([input, target]) : () => {} };
  }
}
