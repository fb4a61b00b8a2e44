/**
 * Random functions over tensors, and random calls of them: arithmetic, views, gradients, an optimiser, averages, batch norm
 * in both modes, random numbers, values from the host, state kept between calls, exceptions, indices out of range. A program
 * is data, so that it can be run twice from the same start.
 */
import {
  concat,
  gather,
  manualSeed,
  nn,
  noGrad,
  optim,
  Random,
  rand,
  randn,
  scope,
  type Tensor,
  tensor,
} from "../../src/index.js";
import { update } from "../../src/ops/apply.js";
import { show, type Wrap } from "./scenarios.js";

const CHANNELS = 3;

/** What a call of the function sees and changes. */
const LR = 0.05;

interface World {
  readonly weights: readonly Tensor[];
  readonly state: Tensor;
  readonly bn: nn.BatchNorm2d;
  readonly optimizer: optim.Optimizer;
  readonly ema: optim.Ema;
  kept: Tensor | null;
  /** What becomes `kept` once the call has succeeded: an error of computed values is thrown when JavaScript has run. */
  next: Tensor | null;
  factor: number;
  calls: number;
}

interface Frame {
  readonly world: World;
  readonly xs: Tensor[];
  readonly labels: Tensor;
  readonly failAt: number;
}

type Statement = (frame: Frame) => void;

/** All values have the shape [n, CHANNELS]. */
const last = ({ xs }: Frame, back: number): Tensor => xs[Math.max(0, xs.length - 1 - back)]!;

/** One statement of each kind; numbers are drawn when the program is made. */
const kinds: readonly ((draw: (below: number) => number) => Statement)[] = [
  (draw) => {
    const [op, back] = [(["add", "mul", "sub", "maximum"] as const)[draw(4)]!, draw(3)];
    return (f) => f.xs.push(last(f, 0)[op](last(f, back)));
  },
  (draw) => {
    const op = (["neg", "abs", "tanh", "sigmoid", "relu", "square", "sin"] as const)[draw(7)]!;
    return (f) => f.xs.push(last(f, 0)[op]());
  },
  (draw) => {
    const w = draw(2);
    return (f) => f.xs.push(last(f, 0).mul(f.world.weights[w]!));
  },
  () => (f) => f.xs.push(last(f, 0).matmul(f.world.weights[2]!).tanh()),
  () => (f) => f.xs.push(f.world.bn.forward(last(f, 0).tanh())),
  () => (f) => f.xs.push(last(f, 0).mul(f.world.factor)),
  () => (f) => f.xs.push(last(f, 0).add(tensor([f.world.factor, f.world.calls, 1]))),
  () => (f) => f.xs.push(last(f, 0).add(randn([1, CHANNELS]))),
  () => (f) => f.xs.push(last(f, 0).mul(rand(last(f, 0).shape))),
  () => (f) => f.xs.push(concat([last(f, 0).slice([1]), last(f, 0).slice([0], [1])])),
  () => (f) => f.xs.push(last(f, 0).transpose().reshape([-1, CHANNELS])),
  () => (f) => f.xs.push(scope(() => last(f, 0).exp().add(1).log())),
  () => (f) => f.xs.push(noGrad(() => last(f, 0).softmax())),
  () => (f) => f.xs.push(last(f, 0).add(gather(f.world.weights[2]!, f.labels).detach())),
  () => (f) => f.xs.push(last(f, 0).add(gather(f.world.weights[2]!, f.labels.add(f.labels)))),
  () => (f) => update("accumulate", [f.world.state, noGrad(() => last(f, 0).tanh().mean(0))], {}),
  () => (f) => void f.world.state.write(Float32Array.of(f.world.calls, 0, 1)),
  () => (f) => f.xs.push(last(f, 0).add(f.world.state)),
  () => (f) => {
    const { kept } = f.world;
    if (kept) f.xs.push(last(f, 0).add(kept));
    f.world.next = noGrad(() => last(f, 0).tanh().mean(0, { keepDims: true })).keep();
  },
  () => (f) => last(f, 0).tanh().mean().backward({ retainGraph: true }),
  () => (f) => nn.crossEntropy(last(f, 0), f.labels, { labelSmoothing: 0.1 }).backward({ retainGraph: true }),
  () => (f) => f.world.optimizer.step(),
  () => (f) => f.world.optimizer.zeroGrad(),
  () => (f) => f.world.ema.update(),
  () => (f) => {
    f.world.weights[1]!.requiresGrad = f.world.calls % 3 !== 0;
  },
  () => (f) => void (f.world.calls % 2 === 0 && f.xs.push(last(f, 0).mul(2))),
];

class Net extends nn.Module {
  constructor(
    readonly weights: readonly Tensor[],
    bn: nn.BatchNorm2d,
  ) {
    super();
    for (const [i, w] of weights.entries()) this.parameter(`w${i}`, "bias", w);
    this.child("bn", bn);
  }
  override forward(x: Tensor): Tensor {
    return x;
  }
}

function makeWorld(random: Random): World {
  const draw = (shape: number[]) => randn(shape, { seed: random, requiresGrad: true }).keep();
  const weights = [draw([CHANNELS]), draw([1, CHANNELS]), draw([CHANNELS, CHANNELS])];
  const bn = new nn.BatchNorm2d(CHANNELS);
  const net = new Net(weights, bn);
  const which = random.uniform();
  const optimizer =
    which < 0.7
      ? new optim.SGD(net.namedParameters(), { lr: LR, momentum: which < 0.4 ? 0.9 : 0 })
      : new optim.Adam(net.namedParameters(), { lr: LR, amsgrad: which < 0.85 });
  const ema = new optim.Ema(net, { momentum: 0.2 });
  return { weights, state: tensor([0, 0, 0]).keep(), bn, optimizer, ema, kept: null, next: null, factor: 1, calls: 0 };
}

const wordsOf =
  (random: Random) =>
  (below: number): number =>
    Math.floor(random.uniform() * below);

/** Runs program `seed` for some calls and yields what each shows: result or error, and everything that it may change. */
export function* runProgram(seed: number, calls: number, wrap: Wrap): Iterable<unknown> {
  const random = new Random(seed, 1);
  const draw = wordsOf(random);
  manualSeed(seed);
  const program = Array.from({ length: 3 + draw(10) }, () => kinds[draw(kinds.length)]!(draw));
  const world = makeWorld(random);
  const fn = wrap((x: Tensor, labels: Tensor, failAt: number) => {
    world.calls++;
    const frame: Frame = { world, xs: [x], labels, failAt };
    program.forEach((statement, i) => {
      if (i === failAt) throw new Error(`refused at ${i}`);
      statement(frame);
    });
    return { y: last(frame, 0), mean: noGrad(() => last(frame, 0).mean()), calls: world.calls };
  });
  for (let call = 0; call < calls; call++) {
    // long runs of equal calls, so that most are replays
    const isOdd = draw(5) === 0;
    if (isOdd) world.bn.train(draw(2) === 0);
    if (isOdd && draw(3) === 0) world.factor = [1, 0.5, -0, Number.NaN][draw(4)]!;
    if (isOdd && draw(4) === 0) manualSeed(draw(3));
    for (const group of world.optimizer.groups) group.lr = LR / (1 + (call % 4));
    const n = isOdd && draw(3) === 0 ? 4 : 2;
    const x = randn([n, CHANNELS], { seed: random, requiresGrad: isOdd && draw(3) === 0 });
    const labels = tensor(Int32Array.from({ length: n }, () => (draw(12) === 0 ? 3 : draw(2))));
    const failAt = draw(10) === 0 ? draw(program.length) : -1;
    const isGradOff = isOdd && draw(4) === 0;
    let shown: unknown;
    scope(() => {
      try {
        const result = isGradOff ? noGrad(() => fn(x, labels, failAt)) : fn(x, labels, failAt);
        shown = show(result);
        world.kept = world.next;
      } catch (error) {
        shown = (error as Error).message;
      }
    });
    const { weights, state, bn, ema, optimizer, kept } = world;
    const grads = [...weights.map((w) => w.grad), x.grad];
    const tensors = [x, state, kept, ...weights, ...grads, bn.runningMean, bn.runningVar, bn.numBatchesTracked];
    const { slots, steps } = optimizer.state();
    const slotTensors = [...slots.values()].flatMap((own) => [...own.values()]);
    yield [shown, tensors.map(show), [...ema.averages.values(), ...slotTensors].map(show), [...steps]];
    x.grad?.dispose();
    x.dispose();
    labels.dispose();
  }
}
