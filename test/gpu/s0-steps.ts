/**
 * Training steps of S0 at 32 px, compiled: forward, backward, SGD with momentum, EMA, running statistics. Knows no test
 * runner and no files, so that the same lines run in Node and in a tab.
 */

import { updateOf } from "../../bench/gpu/training-step.js";
import type { Pictures } from "../../bench/work/demo-pictures.js";
import { type Backend, withBackend } from "../../src/backends/backend.js";
import { normalizeInto } from "../../src/data/transforms/normalize.js";
import { compile, models, type Shape, scope, type Tensor, type TypedArray, tensor } from "../../src/index.js";

export const BATCH = 16;
export const SIDE = 32;
const classes = 10;

export type State = ReadonlyMap<string, { readonly values: TypedArray; readonly shape: Shape }>;

export interface Run {
  readonly backend: Backend;
  /** One a step. */
  readonly batches: readonly Pictures[];
  readonly lr: number;
  /** Default: fresh weights. */
  readonly start?: State;
  readonly afterStep?: () => void;
}

const inputOf = ({ images }: Pictures): Tensor =>
  tensor(normalizeInto(images, new Float32Array(images.length)), [BATCH, SIDE, SIDE, 3]);

/** The loss of each step, and the weights after the last. */
export function trained({ backend, batches, lr, start, afterStep }: Run): Promise<{ losses: number[]; state: State }> {
  return withBackend(backend, async () => {
    const model = models.createModel("mobileone_s0", { numClasses: classes, seed: 0 });
    if (start)
      model.loadStateDict(new Map([...start].map(([name, { values, shape }]) => [name, tensor(values, shape)])));
    const step = compile(updateOf(model, lr).update);
    const losses: number[] = [];
    for (const batch of batches) {
      const read = scope(() => step(inputOf(batch), tensor(batch.labels, [BATCH])).data());
      losses.push((await read)[0]!);
      afterStep?.();
    }
    step.dispose();
    const state = new Map<string, { values: TypedArray; shape: Shape }>();
    for (const [name, t] of model.stateDict()) state.set(name, { values: await t.data(), shape: t.shape });
    return { losses, state };
  });
}

/** Batches that take the weights to where two trainings stay together. */
export const SETTLING = 100;
/**
 * Weights moved by 3e-7 of themselves move the losses of wasm itself by 2e-5 within 20 steps; at ten times this rate by 3e-2, as 100
 * steps leave S0 where its losses are above those of random answers.
 */
export const SETTLED_LR = 1e-4;

/**
 * Weights as they are after some training: at random ones S0 is so ill-conditioned that the two forms of a block, both in
 * float32 and both on wasm, have gradients 4 % apart and losses percents apart one step later.
 */
export const settled = async (backend: Backend, batches: readonly Pictures[]): Promise<State> =>
  (await trained({ backend, batches: batches.slice(0, SETTLING), lr: 0.02 })).state;
