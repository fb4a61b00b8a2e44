/**
 * One sample from file to pixels: read, decode, transform, into its place in a batch. The same code runs in the training
 * thread and in every worker, so where it runs cannot change a picture. Node only.
 */
import { readFileSync } from "node:fs";
import { DataError } from "../util/errors.js";
import { decodeImage } from "./codecs/index.js";
import { MersenneTwister } from "./random.js";
import { applyTransform, type Transform } from "./transforms/index.js";

/** What is the same for all samples of a loader. */
export interface ReaderOptions {
  readonly transform: Transform;
  readonly applyOrientation: boolean;
}

/** Some samples, and where their pixels go: `seeds[i]` drives the augmentation of `paths[i]`. */
export interface ReadJob {
  readonly paths: readonly string[];
  readonly seeds: readonly number[];
  /** The slice of a batch, [paths.length, H, W, 3]. */
  readonly into: Uint8Array;
}

/** Files of a data set smaller than this stay in memory after their first reading; a larger set is not cached at all. */
const cacheBytes = 64 * 2 ** 20;

/** Reads samples; keeps the files' bytes when the whole data set is small. */
export class SampleReader {
  private files: Map<string, Uint8Array> | undefined = new Map();
  private cachedBytes = 0;
  private readonly rng = new MersenneTwister(0);

  constructor(private readonly options: ReaderOptions) {}

  /** Fills the job's slice and returns the milliseconds it took; throws DataError naming the first file that fails. */
  read({ paths, seeds, into }: ReadJob): number {
    const start = performance.now();
    const sampleBytes = into.length / paths.length;
    paths.forEach((path, i) => {
      this.readOne(path, seeds[i]!, into.subarray(i * sampleBytes, (i + 1) * sampleBytes));
    });
    return performance.now() - start;
  }

  private readOne(path: string, seed: number, into: Uint8Array): void {
    const { transform, applyOrientation } = this.options;
    const image = decodeImage(this.bytesOf(path), { path, applyOrientation });
    this.rng.seed(seed);
    try {
      applyTransform(transform, image, this.rng, into);
    } catch (cause) {
      if (cause instanceof DataError) throw new DataError(`${path}: ${cause.summary}`, cause.hint);
      throw cause;
    }
  }

  private bytesOf(path: string): Uint8Array {
    const cached = this.files?.get(path);
    if (cached !== undefined) return cached;
    let bytes: Uint8Array;
    try {
      bytes = readFileSync(path);
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new DataError(`${path}: cannot be read (${message}), expected a picture`, "is the data set complete?");
    }
    this.cachedBytes += bytes.length;
    if (this.cachedBytes > cacheBytes) this.files = undefined;
    this.files?.set(path, bytes);
    return bytes;
  }
}
