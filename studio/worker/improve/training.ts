/**
 * One improvement: the tail of the network trained by the library's train(), on inputs of the frozen part. It knows no project and
 * no storage; checkpoints go to whoever asked for it.
 */
import { noGrad } from "../../../src/autograd/tape.js";
import { sampleSeed } from "../../../src/data/random.js";
import { crossEntropy } from "../../../src/nn/index.js";
import { scope } from "../../../src/tensor/scope.js";
import { liveStorage } from "../../../src/tensor/storage.js";
import type { Tensor } from "../../../src/tensor/tensor.js";
import { train } from "../../../src/train/modules/train-module.js";
import type { Network } from "../network/network.js";
import {
  EpochInputs,
  evalTransformOf,
  type ReadPicture,
  type Sample,
  stacked,
  trainTransformOf,
  type View,
  viewOf,
} from "./inputs.js";
import { type Plan, rateAt } from "./plan.js";
import { frozenBlocks } from "./stages.js";
import { Tail } from "./tail.js";

/** Bytes that rows of evaluation may hold; beyond it they are computed for each. */
const MOST_EVAL_BYTES = 64e6;
/** Bytes that outputs of the frozen part may hold: 1,200 pictures at 224 px in front of the last stage. */
const MOST_VIEW_BYTES = 256e6;
/** Pictures that are evaluated at once. */
const EVAL_CHUNK = 32;

/** What an improvement is done on. */
export interface ImproveSubject {
  readonly network: Network;
  readonly plan: Plan;
  readonly samples: readonly Sample[];
  /** Pictures that are looked at after each epoch. */
  readonly evaluated: readonly number[];
  readonly read: ReadPicture;
}

/** A step that was done. */
export interface StepInfo {
  readonly step: number;
  readonly loss: number;
  readonly stepMs: number;
}

export interface ImproveOptions {
  readonly signal?: AbortSignal;
  /** A state that `onState` was given. */
  readonly resume?: Uint8Array;
  /** For measuring. */
  readonly maxSteps?: number;
  readonly onStep: (info: StepInfo) => void | Promise<void>;
  /** The whole state of the training: after each epoch, now and then within one, and at the end. */
  readonly onState?: (state: Uint8Array, at: { readonly epoch: number; readonly step: number }) => void | Promise<void>;
  /** After each epoch: logits [evaluated.length, classes] by the weights of now. */
  readonly onEpoch?: (epoch: number, logits: Float32Array) => void | Promise<void>;
}

/** What came of it. */
export interface Improved {
  readonly stopped: "finished" | "max-steps" | "signal";
  readonly steps: number;
  readonly loss: number | null;
  /** Milliseconds that inputs of the frozen part took. */
  readonly onceMs: number;
  /** Most bytes of tensors after a step. */
  readonly bytes: number;
}

/** Bytes of a network in the middle of its training, to be put back. */
type Snapshot = ReadonlyMap<Tensor, ArrayLike<number>>;

async function snapshotOf(tail: Tail): Promise<Snapshot> {
  const held = [...new Set(tail.stateDict().values())];
  const values = await Promise.all(held.map((one) => one.data()));
  return new Map(held.map((one, i) => [one, values[i] as ArrayLike<number>]));
}

function putBack(snapshot: Snapshot): void {
  for (const [one, values] of snapshot) one.write(values as Float32Array);
}

/** A network with its inputs, for as long as its training takes. */
class Training {
  readonly #subject: ImproveSubject;
  readonly #frozen: number;
  readonly tail: Tail;
  readonly #evaluated = new Map<number, { row: Float32Array; shape: readonly number[] }>();

  constructor(subject: ImproveSubject, tail: Tail, frozen: number) {
    this.#subject = subject;
    this.tail = tail;
    this.#frozen = frozen;
  }

  /** Where a part is frozen its outputs are computed here, for all views. */
  async inputs(): Promise<EpochInputs> {
    const { network, plan, samples, read } = this.#subject;
    const { seed, views, batchSize, images, epochs } = plan;
    const options = { batchSize, seed };
    const transform = trainTransformOf(images);
    const rowsAt = (some: readonly Sample[], epoch: number) =>
      viewOf(
        network.folded,
        this.#frozen,
        some.map(({ id }) => id),
        read,
        transform,
        (id) => sampleSeed(seed, epoch + 1, id),
      );
    if (this.#frozen === 0) return new EpochInputs(samples, options, rowsAt);
    const first = (await rowsAt(samples.slice(0, 1), 0)).rows[0]!;
    const viewBytes = samples.length * first.byteLength;
    const most = Math.min(views, epochs, Math.floor(MOST_VIEW_BYTES / viewBytes));
    // so many that not even one view is held: computed for each batch
    if (most === 0) return new EpochInputs(samples, options, (some, epoch) => rowsAt(some, epoch % views));
    const cached: View[] = [];
    for (let view = 0; view < most; view++) cached.push(await rowsAt(samples, view));
    const place = new Map(samples.map(({ id }, i) => [id, i]));
    return new EpochInputs(samples, options, async (some, epoch) => {
      const { rows, shape } = cached[epoch % cached.length]!;
      return { rows: some.map(({ id }) => rows[place.get(id)!]!), shape };
    });
  }

  async #evalRows(ids: readonly number[]) {
    const { network, plan, read } = this.#subject;
    const missing = ids.filter((id) => !this.#evaluated.has(id));
    const fresh = new Map<number, { row: Float32Array; shape: readonly number[] }>();
    if (missing.length > 0) {
      const transform = evalTransformOf(plan.images);
      const { rows, shape } = await viewOf(network.folded, this.#frozen, missing, read, transform, () => 0);
      for (const [i, id] of missing.entries()) fresh.set(id, { row: rows[i]!, shape });
      const isSmall = rows[0]!.byteLength * this.#subject.evaluated.length <= MOST_EVAL_BYTES;
      if (isSmall) for (const [id, one] of fresh) this.#evaluated.set(id, one);
    }
    return ids.map((id) => this.#evaluated.get(id) ?? fresh.get(id)!);
  }

  /** Logits [evaluated, classes] by the weights that the tail has. */
  async logits(): Promise<Float32Array> {
    const { evaluated } = this.#subject;
    const classes = this.tail.classifier.bias!.size;
    const all = new Float32Array(evaluated.length * classes);
    this.tail.eval();
    try {
      for (let start = 0; start < evaluated.length; start += EVAL_CHUNK) {
        const found = await this.#evalRows(evaluated.slice(start, start + EVAL_CHUNK));
        const rows = found.map(({ row }) => row);
        const values = scope(() => noGrad(() => this.tail.forward(stacked(rows, found[0]!.shape)).data()));
        all.set((await values) as Float32Array, start * classes);
      }
    } finally {
      this.tail.train();
    }
    return all;
  }
}

/**
 * Trains. `keep` says whether the network keeps what it has learnt, given how it ended, or has what it had before. Throws DivergedError,
 * MemoryError; the network is as it was then.
 */
export async function improve(
  subject: ImproveSubject,
  options: ImproveOptions,
  keep: (stopped: Improved["stopped"]) => boolean,
): Promise<Improved> {
  const { network, plan } = subject;
  const frozen = frozenBlocks(network.folded, plan.stage);
  const tail = new Tail(network.folded, frozen);
  const before = await snapshotOf(tail);
  const training = new Training(subject, tail, frozen);
  let isKept = false;
  let bytes = 0;
  try {
    const start = performance.now();
    const inputs = await training.inputs();
    const onceMs = frozen === 0 ? 0 : performance.now() - start;
    const { epochs, lr, weightDecay, labelSmoothing } = plan;
    const result = await train({
      model: tail,
      recipe: {
        epochs,
        optimizer: { kind: "adamw", lr, weightDecay },
        loss: (logits, target) => crossEntropy(logits, target, { labelSmoothing }),
        schedule: (step) => rateAt(plan, step),
      },
      data: { train: inputs },
      seed: plan.seed,
      ...(options.signal && { signal: options.signal }),
      ...(options.resume && { resume: options.resume }),
      ...(options.maxSteps !== undefined && { maxSteps: options.maxSteps }),
      saveEvery: "10s",
      callbacks: {
        onStep: async ({ step, loss, stepMs }) => {
          bytes = Math.max(bytes, liveStorage().bytes);
          await options.onStep({ step, loss, stepMs });
          if (options.onEpoch && step % plan.stepsPerEpoch === 0)
            await options.onEpoch(step / plan.stepsPerEpoch, await training.logits());
        },
      },
      checkpoint: (state, { epoch, step }) => options.onState?.(state, { epoch, step }),
    });
    isKept = keep(result.stopped);
    return { stopped: result.stopped, steps: result.steps, loss: result.loss, onceMs, bytes };
  } finally {
    if (!isKept) putBack(before);
    tail.eval();
  }
}
