/**
 * Batches of a data set, epoch by epoch, decoded ahead of their use. Order and augmentation depend on seed, epoch and
 * position only: any number of workers, and a start in the middle of an epoch, give the same bytes. (The reference draws
 * augmentation from one stream per worker process, which ties a run to its worker count and cannot be resumed mid-epoch.)
 * Node only.
 */

import { DataError } from "../../util/errors.js";
import { lookAhead } from "../../util/look-ahead.js";
import { sampleSeed } from "../random.js";
import { sourceName } from "../sets/picture-source.js";
import type { Sample } from "../sets/sample.js";
import { outputSize, type Transform } from "../transforms/index.js";
import { type BadPicturePolicy, BadPictures } from "./bad-pictures.js";
import type { Batch } from "./batch.js";
import { openTaskPool } from "./decode-pool.js";
import { fillBatch } from "./fill-batch.js";
import type { ReaderOptions, ReadJob, ReadResult } from "./sample-reader.js";
import { EpochSampler } from "./sampler.js";
import type { TaskPool } from "./tasks.js";

export type { Batch } from "./batch.js";

/** How to make batches; replicas, rank and pad as in EpochSampler, decoder and orientation as in SampleReader. */
export interface DataLoaderOptions extends ReaderOptions {
  readonly batchSize: number;
  /** One for all epochs, or the one of each (0-based) epoch. */
  readonly transform: Transform | ((epoch: number) => Transform);
  readonly seed?: number;
  readonly shuffle?: boolean;
  /** Leave out a last batch that is not full. */
  readonly dropLast?: boolean;
  /** Decoding threads; 0 decodes in this thread, when a batch is asked for. */
  readonly workers?: number;
  /** Batches in work beyond the one in use. */
  readonly prefetch?: number;
  readonly replicas?: number;
  /** Several take turns, batch by batch, and share threads and memory. */
  readonly rank?: number | readonly number[];
  /** How many batches each of several ranks gives before the next one's turn; those left at the end are shared out alike. Default 1. */
  readonly batchesInTurn?: number;
  readonly pad?: boolean;
  /** Every class equally often in an epoch, by the labels of the samples (balanced-order.ts). Default false. */
  readonly balanced?: boolean;
  /** What becomes of a picture that cannot be used. Default "stop". */
  readonly badPictures?: BadPicturePolicy;
  /** Hears of each such picture once, unless it is the end. */
  readonly onBadPicture?: (problem: DataError) => void;
}

/** Decoding so far, over all threads. */
export interface DecodeStats {
  readonly images: number;
  /** Thread time spent reading, decoding and transforming. */
  readonly decodeMs: number;
  /** Rate of one thread. */
  readonly imagesPerSecond: number;
}

/** Samples per message to a worker, at most: enough to drown the message's cost. Many workers share a batch in smaller slices. */
const LARGEST_SLICE = 16;

/**
 * Iterates over a set of files in batches. Close it when done; leaving an epoch early, or by an error, stops the workers too.
 */
export class DataLoader {
  readonly #dataset: { readonly samples: readonly Sample[] };
  readonly batchSize: number;
  /** Number of batches of one epoch, for each rank. */
  readonly batchesPerEpoch: number;
  /** One for each rank. */
  readonly #samplers: readonly EpochSampler[];
  readonly #readerOptions: ReaderOptions;
  readonly #transformOf: (epoch: number) => Transform;
  readonly #seed: number;
  readonly #workers: number;
  readonly #prefetch: number;
  readonly #policy: BadPicturePolicy;
  readonly #bad: BadPictures;
  readonly #batchesInTurn: number;
  #pool: TaskPool | undefined;
  #runningEpoch: number | undefined;
  #spareBuffers: Uint8Array[] = [];
  #decodedImages = 0;
  #decodeMs = 0;

  constructor(dataset: { readonly samples: readonly Sample[] }, options: DataLoaderOptions) {
    this.#dataset = dataset;
    const { batchSize, transform, seed = 0, dropLast = false, workers = 1, prefetch = 3, batchesInTurn = 1 } = options;
    const { shuffle = false, replicas = 1, rank = 0, pad = true, decoder, applyOrientation } = options;
    const { balanced = false, badPictures = "stop", onBadPicture } = options;
    for (const [name, value, least] of [
      ["batchSize", batchSize, 1],
      ["workers", workers, 0],
      ["prefetch", prefetch, 0],
      ["batchesInTurn", batchesInTurn, 1],
    ] as const) {
      if (!Number.isInteger(value) || value < least)
        throw new DataError(`DataLoader: ${name} ${value}, expected a whole number of at least ${least}`);
    }
    const ranks = typeof rank === "number" ? [rank] : rank;
    if (ranks.length === 0 || (ranks.length > 1 && !pad))
      throw new DataError(
        `DataLoader: ranks [${ranks.join(", ")}] with pad ${pad}, expected one, or several of equal length`,
      );
    const { length } = dataset.samples;
    const labels = balanced ? { balanced: dataset.samples.map(({ label }) => label) } : {};
    this.#samplers = ranks.map((rank) => new EpochSampler({ length, seed, shuffle, replicas, rank, pad, ...labels }));
    this.#policy = badPictures;
    this.#bad = new BadPictures(length, onBadPicture);
    this.#transformOf = typeof transform === "function" ? transform : () => transform;
    outputSize(this.#transformOf(0)); // an unfit pipeline is told now, not when the first batch is due
    const samples = this.#samplers[0]!.samplesPerEpoch;
    this.batchSize = batchSize;
    this.batchesPerEpoch = dropLast ? Math.floor(samples / batchSize) : Math.ceil(samples / batchSize);
    if (this.batchesPerEpoch === 0 && pad)
      throw new DataError(
        `DataLoader: ${samples} samples do not fill one batch of ${batchSize}, expected at least ${batchSize}`,
        `use batchSize ${samples} or less, or keep the last batch`,
      );
    this.#readerOptions = { ...(decoder && { decoder }), ...(applyOrientation !== undefined && { applyOrientation }) };
    this.#seed = seed;
    this.#workers = workers;
    this.#prefetch = prefetch;
    this.#batchesInTurn = batchesInTurn;
  }

  /** How errors call the picture at an index of the data set. */
  nameOf(index: number): string {
    return sourceName(this.#dataset.samples[index]!);
  }

  /** Pictures that could not be used so far. */
  get badPictures(): number {
    return this.#bad.count;
  }

  /** Decoding rate since the loader was made. */
  get stats(): DecodeStats {
    const images = this.#decodedImages;
    const decodeMs = this.#decodeMs;
    return { images, decodeMs, imagesPerSecond: decodeMs > 0 ? (images * 1000) / decodeMs : 0 };
  }

  /**
   * The batches of `epoch` from each rank's `startBatch` on. Throws DataError at the first batch, in order, that has an unreadable file.
   * One epoch at a time.
   */
  async *epoch(epoch: number, options: { readonly startBatch?: number } = {}): AsyncIterableIterator<Batch> {
    const { startBatch = 0 } = options;
    if (startBatch < 0 || startBatch > this.batchesPerEpoch)
      throw new DataError(`DataLoader.epoch: startBatch ${startBatch}, expected 0 to ${this.batchesPerEpoch}`);
    if (this.#runningEpoch !== undefined)
      throw new DataError(
        `DataLoader.epoch: epoch ${epoch} asked for while epoch ${this.#runningEpoch} is being read, expected one at a time`,
        "use a loader for each data set",
      );
    this.#runningEpoch = epoch;
    const orders = this.#samplers.map((sampler) => sampler.order(epoch));
    const ahead = this.#workers === 0 ? 0 : this.#prefetch;
    const ranks = this.#samplers.length;
    const left = this.batchesPerEpoch - startBatch;
    const batches = lookAhead(left * ranks, 1 + ahead, (place) => {
      const { rank, batch } = turnAt(place, { left, ranks, inTurn: this.#batchesInTurn });
      return this.#startBatch(epoch, startBatch + batch, this.#samplers[rank]!, orders[rank]!);
    });
    let isComplete = false;
    try {
      for (;;) {
        const asked = performance.now();
        const { done, value: batch } = await batches.next();
        if (done) break;
        yield { ...batch, dataWaitMs: performance.now() - asked };
      }
      isComplete = true;
    } finally {
      this.#runningEpoch = undefined;
      if (!isComplete) await this.close();
    }
  }

  /** Stops the workers and frees the buffers; a later epoch starts new ones. */
  async close(): Promise<void> {
    const pool = this.#pool;
    this.#pool = undefined;
    this.#spareBuffers = [];
    await pool?.close();
  }

  async #startBatch(epoch: number, batch: number, sampler: EpochSampler, order: Uint32Array): Promise<Batch> {
    const { batchSize } = this;
    const transform = this.#transformOf(epoch);
    const side = outputSize(transform);
    const first = batch * batchSize;
    const indices = order.slice(first, first + batchSize);
    const sampleBytes = side * side * 3;
    const buffer = this.#takeBuffer(batchSize * sampleBytes);
    const seeds = Array.from(indices, (_, i) => sampleSeed(this.#seed, epoch, sampler.globalPosition(first + i)));
    const read = { indices, seeds, transform, buffer, sampleBytes };
    const { size, ms } = await fillBatch(read, {
      samples: this.#dataset.samples,
      policy: this.#policy,
      bad: this.#bad,
      mostInSlice: Math.min(LARGEST_SLICE, Math.ceil(batchSize / Math.max(1, this.#workers))),
      readAll: (jobs) => this.#readAll(jobs),
    });
    this.#decodedImages += size;
    this.#decodeMs += ms;
    const isLast = batch + 1 === this.batchesPerEpoch;
    return {
      images: buffer.subarray(0, size * sampleBytes),
      labels: Int32Array.from(indices.subarray(0, size), (index) => this.#dataset.samples[index]!.label),
      indices: indices.slice(0, size),
      size,
      height: side,
      width: side,
      dataWaitMs: 0,
      next: isLast ? { epoch: epoch + 1, position: 0 } : { epoch, position: first + indices.length },
      release: () => {
        if (!this.#spareBuffers.includes(buffer)) this.#spareBuffers.push(buffer);
      },
    };
  }

  async #readAll(jobs: readonly ReadJob[]): Promise<ReadResult[]> {
    this.#pool ??= openTaskPool(this.#workers, this.#readerOptions);
    const pool = this.#pool;
    const results = await Promise.allSettled(jobs.map((job) => pool.run("read", job)));
    const failed = results.find((result) => result.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    return results.map((result) => (result as PromiseFulfilledResult<ReadResult>).value);
  }

  #takeBuffer(bytes: number): Uint8Array {
    const spare = this.#spareBuffers.pop();
    if (spare?.length === bytes) return spare;
    this.#spareBuffers = []; // of an epoch with another size
    return this.#workers === 0 ? new Uint8Array(bytes) : new Uint8Array(new SharedArrayBuffer(bytes));
  }
}

/** Which batch of which rank is the one at `place`, where each rank gives `inTurn` of its `left` batches before the next. */
function turnAt(
  place: number,
  { left, ranks, inTurn }: { readonly left: number; readonly ranks: number; readonly inTurn: number },
): { readonly rank: number; readonly batch: number } {
  const first = Math.floor(place / (ranks * inTurn)) * inTurn;
  const own = Math.min(inTurn, left - first);
  const within = place - first * ranks;
  return { rank: Math.floor(within / own), batch: first + (within % own) };
}
