/**
 * Dynamic batches with a bound on waiting: a square starts with what is there when its batch is full, when it has waited long enough, or
 * when nothing else is on its way. While the engine computes, others gather; one full batch is handed over ahead, so that the engine
 * does not wait for messages.
 */
import type { Engine } from "./engine.js";
import type { Square } from "./squares.js";

/** How batches form. */
export interface BatchOptions {
  /** Squares of a batch, at most. */
  readonly batchSize: number;
  /** What a square waits for others, at most, while the engine is idle. */
  readonly maxDelayMs: number;
  /** Whether squares of a model are on their way. */
  readonly isMoreComing: (model: number) => boolean;
  /** Told of each batch when it is done. */
  readonly onBatch: (model: number, squares: number, ms: number) => void;
}

interface Waiting {
  readonly square: Square;
  readonly since: number;
  readonly resolve: (logits: Float32Array) => void;
  readonly reject: (error: unknown) => void;
}

/** Batches handed to the engine: one in work and one behind it. */
const MOST_OPEN = 2;

/** Squares of all models on their way through one engine. */
export class Batcher {
  readonly #engine: Engine;
  readonly #options: BatchOptions;
  readonly #lanes: readonly Waiting[][];
  #open = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(engine: Engine, options: BatchOptions) {
    this.#engine = engine;
    this.#options = options;
    this.#lanes = engine.models.map(() => []);
  }

  /** The square's row of logits [classes]. Rejects with the engine's error. */
  add(model: number, square: Square): Promise<Float32Array> {
    return new Promise((resolve, reject) => {
      this.#lanes[model]!.push({ square, since: performance.now(), resolve, reject });
      this.#next();
    });
  }

  /** To be called when less is on its way than before. */
  reconsider(): void {
    this.#next();
  }

  #next(): void {
    clearTimeout(this.#timer);
    for (;;) {
      const model = this.#chosen();
      if (model === null) break;
      this.#start(model, this.#lanes[model]!.splice(0, this.#options.batchSize));
    }
    if (this.#open > 0) return;
    const oldest = Math.min(...this.#lanes.flatMap(([head]) => (head ? [head.since] : [])));
    if (oldest === Number.POSITIVE_INFINITY) return;
    const wait = oldest + this.#options.maxDelayMs - performance.now();
    this.#timer = setTimeout(() => this.#next(), Math.max(0, Math.ceil(wait)));
  }

  /** The model whose batch may start, that of the oldest square first; null where none may. */
  #chosen(): number | null {
    if (this.#open >= MOST_OPEN) return null;
    const { batchSize, maxDelayMs, isMoreComing } = this.#options;
    const now = performance.now();
    let found: number | null = null;
    for (const [model, lane] of this.#lanes.entries()) {
      const [head] = lane;
      if (head === undefined) continue;
      const isFull = lane.length >= batchSize;
      const isDue = this.#open === 0 && (now - head.since >= maxDelayMs || !isMoreComing(model));
      if (!isFull && !isDue) continue;
      if (found === null || head.since < this.#lanes[found]![0]!.since) found = model;
    }
    return found;
  }

  #start(model: number, batch: readonly Waiting[]): void {
    this.#open++;
    const start = performance.now();
    this.#engine
      .infer(
        model,
        batch.map(({ square }) => square),
      )
      .then(
        (logits) => {
          const width = logits.length / batch.length;
          for (const [i, { resolve }] of batch.entries()) resolve(logits.slice(i * width, (i + 1) * width));
        },
        (error: unknown) => {
          for (const { reject } of batch) reject(error);
        },
      )
      .finally(() => {
        this.#open--;
        this.#options.onBatch(model, batch.length, performance.now() - start);
        this.#next();
      });
  }
}
