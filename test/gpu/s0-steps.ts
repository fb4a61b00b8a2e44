/**
 * Training steps of S0 at 32 px on noise, compiled: forward, backward, SGD with momentum, EMA, running statistics. Knows no
 * test runner, so that the same lines run in Node and in a tab.
 */
import { type Backend, withBackend } from "../../src/backends/backend.js";
import {
  compile,
  models,
  nn,
  optim,
  Random,
  type Shape,
  scope,
  type Tensor,
  type TypedArray,
  tensor,
} from "../../src/index.js";

const batch = 4;
const classes = 10;

export type State = ReadonlyMap<string, { readonly values: TypedArray; readonly shape: Shape }>;

export interface Run {
  readonly backend: Backend;
  readonly steps: number;
  readonly lr: number;
  /** Default: fresh weights. */
  readonly start?: State;
  readonly afterStep?: () => void;
}

/** The loss of each step, and the weights after the last. */
export function trained({ backend, steps, lr, start, afterStep }: Run): Promise<{ losses: number[]; state: State }> {
  return withBackend(backend, async () => {
    const random = new Random(7);
    const model = models.createModel("mobileone_s0", { numClasses: classes, seed: 0 });
    if (start)
      model.loadStateDict(new Map([...start].map(([name, { values, shape }]) => [name, tensor(values, shape)])));
    const options = { lr, momentum: 0.9, weightDecay: 1e-4 };
    const optimizer = new optim.SGD(optim.splitNormParameters(model), options);
    const ema = new optim.Ema(model);
    const pixels = Array.from({ length: 4 }, () =>
      Float32Array.from({ length: batch * 32 * 32 * 3 }, () => random.normal()),
    );
    const labels = Int32Array.from({ length: batch }, (_, i) => i);
    const step = compile((x: Tensor, y: Tensor) => {
      const loss = nn.crossEntropy(model.forward(x), y, { labelSmoothing: 0.1 });
      loss.backward();
      optimizer.step();
      optimizer.zeroGrad();
      ema.update();
      return loss;
    });
    const losses: number[] = [];
    for (let i = 0; i < steps; i++) {
      const read = scope(() => step(tensor(pixels[i % 4]!, [batch, 32, 32, 3]), tensor(labels, [batch])).data());
      losses.push((await read)[0]!);
      afterStep?.();
    }
    step.dispose();
    const state = new Map<string, { values: TypedArray; shape: Shape }>();
    for (const [name, t] of model.stateDict()) state.set(name, { values: await t.data(), shape: t.shape });
    return { losses, state };
  });
}

/**
 * Weights as they are after some training: at random ones S0 is so ill-conditioned that the two forms of a block, both in
 * float32 and both on wasm, have gradients 4 % apart and losses percents apart one step later.
 */
export const settled = async (backend: Backend): Promise<State> =>
  (await trained({ backend, steps: 60, lr: 0.02 })).state;
