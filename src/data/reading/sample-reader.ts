/**
 * One sample from file to pixels: read, decode, transform, into its place in a batch. The same code runs in the training
 * thread and in every worker, so where it runs cannot change a picture. Node only.
 */
import { DataError } from "../../util/errors.js";
import { type Decoder, type DecoderName, loadDecoder } from "../codecs/decoder.js";
import { MersenneTwister } from "../random.js";
import { PictureFiles, type PictureSource, sourceName } from "../sets/picture-source.js";
import { applyTransform, type Transform } from "../transforms/index.js";

/** What is the same for all pictures of a data set. */
export interface ReaderOptions {
  /** Who turns bytes into pixels. Default: the fastest installed one with OpenCV's exact pixels, else jpeg-js. */
  readonly decoder?: DecoderName;
  /** Turn pictures upright by EXIF, as the reference does (default). */
  readonly applyOrientation?: boolean;
}

/** Some samples, and where their pixels go: `seeds[i]` drives the augmentation of `sources[i]`. */
export interface ReadJob {
  readonly sources: readonly PictureSource[];
  readonly seeds: readonly number[];
  readonly transform: Transform;
  /** The slice of a batch, [sources.length, H, W, 3]. */
  readonly into: Uint8Array;
  /** Go on after a picture that cannot be used, and list it. Default false: it ends the job. */
  readonly isLenient?: boolean;
}

/** A picture of a job that cannot be used: its place in the job, and why. */
export interface BadPicture {
  readonly at: number;
  readonly message: string;
  readonly hint: string | undefined;
}

/** What came of a job. */
export interface ReadResult {
  /** How long it took. */
  readonly ms: number;
  /** Empty unless the job is lenient. */
  readonly bad: readonly BadPicture[];
}

/** Reads samples, one after another; a second job waits for the first where the caller does. */
export class SampleReader {
  readonly #options: ReaderOptions;
  readonly #files = new PictureFiles();
  readonly #rng = new MersenneTwister(0);
  #decoder: Decoder | undefined;

  constructor(options: ReaderOptions = {}) {
    this.#options = options;
  }

  /** Fills the job's slice; rejects with DataError naming the first file that fails, unless the job is lenient. */
  async read(job: ReadJob): Promise<ReadResult> {
    const { decoder: name } = this.#options;
    this.#decoder ??= await loadDecoder(name);
    const start = performance.now();
    const bad: BadPicture[] = [];
    for (let at = 0; at < job.sources.length; at++) {
      try {
        await this.#readOne(job, at, this.#decoder);
      } catch (cause) {
        if (!job.isLenient || !(cause instanceof DataError)) throw cause;
        bad.push({ at, message: cause.summary, hint: cause.hint });
      }
    }
    return { ms: performance.now() - start, bad };
  }

  async #readOne({ sources, seeds, transform, into }: ReadJob, at: number, decoder: Decoder): Promise<void> {
    const { applyOrientation = true } = this.#options;
    const source = sources[at]!;
    const sampleBytes = into.length / sources.length;
    const path = sourceName(source);
    const image = await decoder.decode(this.#files.bytesOf(source), path, { applyOrientation });
    this.#rng.seed(seeds[at]!);
    try {
      applyTransform(transform, image, this.#rng, into.subarray(at * sampleBytes, (at + 1) * sampleBytes));
    } catch (cause) {
      if (cause instanceof DataError) throw new DataError(`${path}: ${cause.summary}`, cause.hint);
      throw cause;
    }
  }

  /** Frees what was kept and closes what is open. */
  close(): void {
    this.#files.close();
  }
}
