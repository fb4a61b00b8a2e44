/**
 * What a tail learns from: outputs of the frozen part, computed once for some augmented views of each picture; or, where nothing is
 * frozen, pictures augmented anew in every epoch. Everything follows from seed, epoch and the picture's number, so that a training
 * that goes on sees what it would have seen.
 */
import { noGrad } from "../../../src/autograd/tape.js";
import type { Image } from "../../../src/data/codecs/image.js";
import { randomPermutation, sampleSeed } from "../../../src/data/random.js";
import { applyTransform, evalTransform, type Transform, trainTransform } from "../../../src/data/transforms/index.js";
import { normalize } from "../../../src/data/transforms/normalize.js";
import type { Classifier } from "../../../src/models/index.js";
import type { Recipe } from "../../../src/models/recipe.js";
import { chain } from "../../../src/nn/sequential.js";
import { tensor } from "../../../src/tensor/create.js";
import { scope } from "../../../src/tensor/scope.js";
import type { Tensor } from "../../../src/tensor/tensor.js";

/** A picture with its class. */
export interface Sample {
  readonly id: number;
  readonly class: number;
}

/** Reads pixels of a picture, which stay as they are. */
export type ReadPicture = (id: number) => Promise<Image>;

/** Pictures that go through the frozen part at once. */
const CHUNK = 16;

export const trainTransformOf = ({ trainSize, minCropArea, flipProbability }: Recipe["images"]): Transform =>
  trainTransform({ imageSize: trainSize, minCropArea, flipProbability });
export const evalTransformOf = ({ evalSize, evalResize }: Recipe["images"]): Transform =>
  evalTransform({ imageSize: evalSize, resizeSize: evalResize });

/** A transform may change the picture that it is given. */
export const seen = (transform: Transform, image: Image, seed = 0): Image =>
  applyTransform(transform, { ...image, data: image.data.slice() }, seed);

/** Outputs of the first blocks for squares: the values, and the shape of one. */
export async function throughFrozen(
  folded: Classifier,
  frozen: number,
  squares: readonly Image[],
): Promise<{ readonly values: Float32Array; readonly shape: readonly number[] }> {
  let shape: readonly number[] = [];
  const values = scope(() =>
    noGrad(() => {
      const x = normalize(squares);
      const y = frozen === 0 ? x : chain(folded.blocks.slice(0, frozen), x);
      shape = y.shape.slice(1);
      return y.data();
    }),
  );
  return { values: (await values) as Float32Array, shape };
}

/** One view of each picture behind the frozen part. */
export interface View {
  /** A picture each, all of `shape`. */
  readonly rows: readonly Float32Array[];
  readonly shape: readonly number[];
}

/** `seedOf` is the seed of a picture's transform. */
export async function viewOf(
  folded: Classifier,
  frozen: number,
  ids: readonly number[],
  read: ReadPicture,
  transform: Transform,
  seedOf: (id: number) => number,
): Promise<View> {
  const rows: Float32Array[] = [];
  let shape: readonly number[] = [];
  for (let start = 0; start < ids.length; start += CHUNK) {
    const squares: Image[] = [];
    for (const id of ids.slice(start, start + CHUNK)) squares.push(seen(transform, await read(id), seedOf(id)));
    const outputs = await throughFrozen(folded, frozen, squares);
    ({ shape } = outputs);
    const size = outputs.values.length / squares.length;
    for (let i = 0; i < squares.length; i++) rows.push(outputs.values.slice(i * size, (i + 1) * size));
  }
  return { rows, shape };
}

/** Rows as one tensor [rows.length, ...shape]. */
export function stacked(rows: readonly Float32Array[], shape: readonly number[]): Tensor {
  const size = rows[0]!.length;
  const all = new Float32Array(rows.length * size);
  for (const [i, row] of rows.entries()) all.set(row, i * size);
  return tensor(all, [rows.length, ...shape]);
}

/** Batches of an epoch, for train(). */
export class EpochInputs {
  readonly batchesPerEpoch: number;
  readonly #samples: readonly Sample[];
  readonly #batchSize: number;
  readonly #seed: number;
  readonly #rowsOf: (samples: readonly Sample[], epoch: number) => Promise<View>;

  constructor(
    samples: readonly Sample[],
    { batchSize, seed }: { readonly batchSize: number; readonly seed: number },
    rowsOf: (samples: readonly Sample[], epoch: number) => Promise<View>,
  ) {
    this.#samples = samples;
    this.#batchSize = batchSize;
    this.#seed = seed;
    this.#rowsOf = rowsOf;
    this.batchesPerEpoch = Math.ceil(samples.length / batchSize);
  }

  async *epoch(epoch: number, { startBatch }: { readonly startBatch: number }): AsyncGenerator<[Tensor, Tensor]> {
    const order = randomPermutation(this.#samples.length, sampleSeed(this.#seed, epoch, 0));
    for (let batch = startBatch; batch < this.batchesPerEpoch; batch++) {
      const places = order.slice(batch * this.#batchSize, (batch + 1) * this.#batchSize);
      const samples = Array.from(places, (place) => this.#samples[place]!);
      const { rows, shape } = await this.#rowsOf(samples, epoch);
      const pair: [Tensor, Tensor] = [stacked(rows, shape), tensor(Int32Array.from(samples, (one) => one.class))];
      try {
        yield pair;
      } finally {
        for (const one of pair) one.dispose();
      }
    }
  }
}
