/**
 * From a body to scores: a picture becomes a square in a data thread, squares become batches, rows of logits become softmax. Each
 * step gives back what it took, however it ends.
 */
import { evalTransform, type Transform } from "../data/transforms/index.js";
import { softmaxOf } from "../train/metrics/predictions.js";
import { problemOfLogits } from "../train/steps/finite.js";
import { Batcher, type BatchOptions } from "./batcher.js";
import type { Engine, EngineModel } from "./engine.js";
import type { Intake } from "./limits.js";
import type { PictureReader } from "./picture-threads.js";
import { type Square, Squares } from "./squares.js";

/** What a model is given: the bytes of a file, or a square. */
export type PictureInput =
  | { readonly kind: "file"; readonly bytes: Uint8Array<ArrayBuffer> }
  /** [side, side, 3], 0 to 255. */
  | { readonly kind: "pixels"; readonly values: Uint8Array }
  /** [side, side, 3], normalised. */
  | { readonly kind: "numbers"; readonly values: Float32Array };

/** What is told of, for metrics. */
export interface PredictorEvents {
  /** A picture was read, or refused. */
  onRead(model: EngineModel, ms: number): void;
  onBatch(model: EngineModel, squares: number, ms: number): void;
}

/** How pictures go through. */
export interface PredictorOptions extends Pick<BatchOptions, "batchSize" | "maxDelayMs"> {
  readonly events: PredictorEvents;
}

interface Lane {
  readonly transform: Transform;
  readonly squares: Squares;
  /** Pictures that are being read or wait for it. */
  reading: number;
}

/** All models of an engine. */
export class Predictor {
  readonly #engine: Engine;
  readonly #reader: PictureReader;
  readonly #intake: Intake;
  readonly #events: PredictorEvents;
  readonly #batcher: Batcher;
  readonly #lanes: readonly Lane[];

  constructor(engine: Engine, reader: PictureReader, intake: Intake, { events, ...batches }: PredictorOptions) {
    this.#engine = engine;
    this.#reader = reader;
    this.#intake = intake;
    this.#events = events;
    this.#lanes = engine.models.map(({ imageSize, resizeSize }) => ({
      transform: evalTransform({ imageSize, resizeSize }),
      squares: new Squares(imageSize),
      reading: 0,
    }));
    this.#batcher = new Batcher(engine, {
      ...batches,
      isMoreComing: (model) => this.#lanes[model]!.reading > 0,
      onBatch: (model, squares, ms) => events.onBatch(engine.models[model]!, squares, ms),
    });
  }

  /**
   * Scores [inputs][classes] of the model at this place, in order. Rejects with HttpError for what is no picture or beyond the
   * intake, GoneError where `isWanted` says no, NonFiniteError, and the faults of threads.
   */
  async scores(
    model: number,
    inputs: readonly PictureInput[],
    isWanted: () => boolean = () => true,
  ): Promise<Float64Array[]> {
    const leave = this.#intake.enter(inputs.length);
    try {
      const settled = await Promise.allSettled(inputs.map((input) => this.#logits(model, input, isWanted)));
      // all have given back what they held before the first error is told
      return settled.map((one, i) => {
        if (one.status === "rejected") throw one.reason;
        const where = `serve: ${this.#engine.models[model]!.name}`;
        const problem = problemOfLogits(where, one.value, 1, () => `picture ${i}`);
        if (problem) throw problem;
        return softmaxOf(one.value);
      });
    } finally {
      leave();
    }
  }

  async #logits(model: number, input: PictureInput, isWanted: () => boolean): Promise<Float32Array> {
    const { squares } = this.#lanes[model]!;
    let square: Square | null = null;
    try {
      if (input.kind === "numbers") square = squares.takeNumbers();
      else square = squares.takeBytes();
      if (input.kind === "file") return await this.#readAndAdd(model, input.bytes, square as Uint8Array, isWanted);
      square.set(input.values);
      return await this.#batcher.add(model, square);
    } finally {
      if (square !== null) squares.give(square);
    }
  }

  async #readAndAdd(
    model: number,
    bytes: Uint8Array<ArrayBuffer>,
    into: Uint8Array,
    isWanted: () => boolean,
  ): Promise<Float32Array> {
    const lane = this.#lanes[model]!;
    const start = performance.now();
    lane.reading++;
    try {
      await this.#reader.read({ bytes, transform: lane.transform, into, isWanted });
    } catch (error) {
      lane.reading--;
      // those that waited for this one need not
      this.#batcher.reconsider();
      throw error;
    }
    this.#events.onRead(this.#engine.models[model]!, performance.now() - start);
    // with no turn between: it is on its way until it waits for its batch
    lane.reading--;
    return this.#batcher.add(model, into);
  }
}
