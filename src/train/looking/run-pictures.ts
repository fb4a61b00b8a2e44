/**
 * Files of pictures through a model, batch by batch, the next batch decoded while one is computed. A picture that cannot be read
 * is told of in its place, and the others go on. Node only.
 */
import { noGrad } from "../../autograd/tape.js";
import { type Compiled, compile } from "../../compile/compile.js";
import type { DecoderName } from "../../data/codecs/decoder.js";
import { openTaskPool } from "../../data/reading/decode-pool.js";
import type { TaskPool } from "../../data/reading/tasks.js";
import { evalTransform } from "../../data/transforms/index.js";
import { type NormalizeOptions, normalizeInto } from "../../data/transforms/normalize.js";
import type { Module } from "../../nn/module.js";
import { tensor } from "../../tensor/create.js";
import type { TypedArray } from "../../tensor/dtype.js";
import { scope } from "../../tensor/scope.js";
import type { Tensor } from "../../tensor/tensor.js";
import { DataError } from "../../util/errors.js";
import type { ImageSizes } from "../recipes/image-sizes.js";
import { expectUsable, problemOfLogits } from "../steps/finite.js";

/** Pictures that go through the model together. */
const BATCH_SIZE = 32;

/** How files become batches. */
export interface PictureRunOptions extends NormalizeOptions {
  /** Who turns JPEG files into pixels. Default: the fastest installed one with OpenCV's exact pixels, else jpeg-js. */
  readonly decoder?: DecoderName;
  /** Threads that decode from the second batch on. Default 0: all is decoded between the batches. */
  readonly workers?: number;
  /** Pictures that go through the model together. Default 32. */
  readonly batchSize?: number;
  /** How errors begin. Default: the name of the function. */
  readonly where?: string;
}

/** A picture with its row of what the model gives, or with what is wrong with it. */
export type PictureRow =
  | { readonly path: string; readonly row: TypedArray; readonly problem: null }
  | { readonly path: string; readonly row: null; readonly problem: DataError };

/** Paths, one by one or as many as are known. */
export type Paths = Iterable<string | readonly string[]> | AsyncIterable<string | readonly string[]>;

/** Batches of paths: what came together stays together, at most `size` of it. */
async function* batchesOf(paths: Paths, size: number): AsyncGenerator<readonly string[]> {
  if (Symbol.iterator in paths) {
    // all is known
    const all = [...paths].flat();
    for (let first = 0; first < all.length; first += size) yield all.slice(first, first + size);
    return;
  }
  for await (const piece of paths) {
    const some = typeof piece === "string" ? [piece] : piece;
    for (let first = 0; first < some.length; first += size) yield some.slice(first, first + size);
  }
}

/** A batch in memory: the pixels of those that could be read, side by side. */
interface Read {
  readonly paths: readonly string[];
  readonly pixels: Uint8Array;
  readonly problems: ReadonlyMap<number, DataError>;
}

class Batches {
  readonly #sizes: ImageSizes;
  readonly #options: PictureRunOptions;
  #pool: TaskPool;
  #workers = 0;
  #isFirst = true;

  constructor(sizes: ImageSizes, options: PictureRunOptions) {
    this.#sizes = sizes;
    this.#options = options;
    this.#pool = this.#open(0);
  }

  #open(workers: number): TaskPool {
    const { decoder } = this.#options;
    this.#workers = workers;
    return openTaskPool(workers, decoder === undefined ? {} : { decoder });
  }

  async read(paths: readonly string[]): Promise<Read> {
    const { workers = 0 } = this.#options;
    // threads take longer to start than a few pictures to decode
    if (!this.#isFirst && this.#workers !== workers) {
      await this.#pool.close();
      this.#pool = this.#open(workers);
    }
    this.#isFirst = false;
    const sampleBytes = this.#sizes.imageSize ** 2 * 3;
    const bytes = paths.length * sampleBytes;
    const pixels = this.#workers === 0 ? new Uint8Array(bytes) : new Uint8Array(new SharedArrayBuffer(bytes));
    const transform = evalTransform(this.#sizes);
    const share = Math.ceil(paths.length / Math.max(1, this.#workers));
    const slices = Array.from({ length: Math.ceil(paths.length / share) }, (_, i) => i * share);
    const problems = new Map<number, DataError>();
    await Promise.all(
      slices.map(async (first) => {
        const part = paths.slice(first, first + share);
        const { bad } = await this.#pool.run("read", {
          sources: part.map((path) => ({ path })),
          seeds: part.map(() => 0),
          transform,
          into: pixels.subarray(first * sampleBytes, (first + part.length) * sampleBytes),
          isLenient: true,
        });
        for (const { at, message, hint } of bad) problems.set(first + at, new DataError(message, hint));
      }),
    );
    let kept = 0;
    paths.forEach((_, i) => {
      if (problems.has(i)) return;
      if (kept < i) pixels.copyWithin(kept * sampleBytes, i * sampleBytes, (i + 1) * sampleBytes);
      kept++;
    });
    return { paths, pixels: pixels.subarray(0, kept * sampleBytes), problems };
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}

/** What is run on each batch, and how large its pictures are. */
export interface PictureProgram {
  readonly where: string;
  readonly model: Module;
  readonly sizes: ImageSizes;
  /** [N, H, W, 3] -> [N, K] */
  readonly forward: (images: Tensor) => Tensor;
}

/**
 * A row for each path, in their order, batch by batch as they are known; the model's mode is put back. Throws NonFiniteError for
 * weights and rows that are no numbers.
 */
export async function* runPictures(
  { where, model, sizes, forward }: PictureProgram,
  paths: Paths,
  options: PictureRunOptions,
): AsyncGenerator<PictureRow[]> {
  await expectUsable(where, model);
  const { batchSize = BATCH_SIZE, mean, std } = options;
  const wasTraining = model.training;
  const batches = new Batches(sizes, options);
  const source = batchesOf(paths, batchSize);
  const side = sizes.imageSize;
  const plain = (images: Tensor): Tensor => noGrad(() => scope(() => forward(images)));
  // whole batches are alike, and worth recording; what comes in odd numbers is not
  const recorded: Compiled<[Tensor], Tensor> = compile(plain);
  const next = async (): Promise<Read | null> => {
    const { value, done } = await source.next();
    return done ? null : batches.read(value);
  };
  const ahead = (): Promise<Read | null> => {
    const read = next();
    // its error is thrown at its turn
    read.catch(() => {});
    return read;
  };
  model.eval();
  try {
    let coming = ahead();
    for (let batch = await coming; batch !== null; batch = await coming) {
      coming = ahead();
      const { paths: some, pixels, problems } = batch;
      const count = some.length - problems.size;
      const values =
        count === 0
          ? new Float32Array()
          : await scope(() => {
              const shown = normalizeInto(pixels, new Float32Array(pixels.length), mean, std);
              const images = tensor(shown, [count, side, side, 3]);
              return (count === batchSize ? recorded(images) : plain(images)).data();
            });
      const good = some.filter((_, i) => !problems.has(i));
      const problem = problemOfLogits(where, values, count, (i) => good[i]!);
      if (problem) throw problem;
      const width = values.length / count;
      let at = 0;
      yield some.map((path, i): PictureRow => {
        const wrong = problems.get(i);
        if (wrong) return { path, row: null, problem: wrong };
        const row = values.slice(at * width, (at + 1) * width);
        at++;
        return { path, row, problem: null };
      });
    }
  } finally {
    recorded.dispose();
    model.train(wasTraining);
    await batches.close();
  }
}
