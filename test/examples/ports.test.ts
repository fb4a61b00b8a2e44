/**
 * MobileNetV3-small, ConvNeXt-tiny and ViT-tiny of examples/ against torchvision (test/golden/ports/make-ports.py): names and
 * shapes of the state dict, logits, loss and gradients of a first step, with weights that both sides compute from one formula.
 */
import { afterEach, describe, expect, it } from "vitest";
import { nn, noGrad, optim, scope, setBackend, tensor } from "../../src/index.js";
import { toFileEntries } from "../../src/io/state-dict-file.js";
import { uniform } from "../models/uniform.js";
import { type Digest, FIRST_PROJECTION, filledPort, golden, images, portNames } from "./ports.js";

const TIMEOUT_MS = 600_000;
const LOGITS_TOLERANCE = 3e-5;
const GRADIENT_TOLERANCE = 1e-8;
/** Of the largest gradient of all: a bias whose channels a batch norm centres later has none but rounding errors. */
const NOTHING = 1e-13;

const largest = (values: Iterable<number>): number => {
  let most = 0;
  for (const value of values) most = Math.max(most, Math.abs(value));
  return most;
};

const differences = (found: ArrayLike<number>, wanted: readonly number[]): number[] =>
  wanted.map((value, i) => found[i]! - value);

function digest(stream: number, values: Float64Array): Digest {
  const direction = uniform(golden.seed, FIRST_PROJECTION + stream, values.length);
  const [squares, along] = values.reduce(
    ([square, sum], value, i) => [square! + value * value, sum! + value * direction[i]!],
    [0, 0],
  );
  return [largest(values), Math.sqrt(squares!), along!, values[0]!, values.at(-1)!];
}

afterEach(() => setBackend("reference"));

it.each(portNames)("%s: the state dict has torchvision's names and shapes", async (name) => {
  const own = await toFileEntries(await filledPort(name, golden.logitsSide, "float32"));
  expect(Object.fromEntries([...own].map(([key, { shape }]) => [key, [...shape]]))).toEqual(
    golden.models[name].entries,
  );
});

describe("float32 on wasm", () => {
  it.each(portNames)(`%s: logits to ${LOGITS_TOLERANCE} of the largest, at 224 pixels`, {
    timeout: TIMEOUT_MS,
  }, async (name) => {
    const backend = await setBackend("wasm", { threads: 1 });
    const wanted = golden.models[name].logits;
    const model = (await filledPort(name, golden.logitsSide, "float32")).eval();
    const x = images(golden.logitsSide, 2, "float32");
    const found = noGrad(() => scope(() => model.forward(x)).dataSync());
    expect(largest(differences(found, wanted)) / largest(wanted)).toBeLessThanOrEqual(LOGITS_TOLERANCE);
    expect(backend.stats.fallbacks).toEqual({});
  });
});

describe("float64 on the reference", () => {
  it.each(portNames)(`%s: the first step's gradients to ${GRADIENT_TOLERANCE} of their largest`, {
    timeout: TIMEOUT_MS,
  }, async (name) => {
    await setBackend("reference");
    const { side, labels, loss, gradients } = golden.models[name];
    const model = await filledPort(name, side, "float64");
    const found = scope(() => {
      const value = nn.crossEntropy(
        model.forward(images(side, labels.length, "float64")),
        tensor(Int32Array.from(labels)),
      );
      value.backward();
      return value.item();
    });
    expect(Math.abs(found - loss)).toBeLessThanOrEqual(1e-10 * Math.max(1, Math.abs(loss)));
    const grads = new Map([...model.namedParameters()].map(([key, { tensor: own }]) => [key, own.grad!]));
    const entries = await toFileEntries(model, grads);
    expect([...entries.keys()].sort()).toEqual(Object.keys(gradients).sort());
    const ofAll = largest(Object.values(gradients).map(([maxAbs]) => maxAbs));
    for (const [stream, [key, wanted]] of Object.entries(gradients).entries()) {
      const values = Float64Array.from(entries.get(key)!.values);
      const tolerance = Math.max(GRADIENT_TOLERANCE * wanted[0], NOTHING * ofAll);
      // errors of single entries add up at random in the norm and in the projection
      const ofSums = tolerance * Math.sqrt(values.length);
      const [maxAbs, norm, along, first, last] = differences(digest(stream, values), wanted).map(Math.abs);
      expect(Math.max(maxAbs!, first!, last!), `${key}, values`).toBeLessThanOrEqual(tolerance);
      expect(Math.max(norm!, along!), `${key}, sums`).toBeLessThanOrEqual(ofSums);
    }
  });
});

describe("a training step in float32 on wasm", () => {
  it.each(portNames)("%s: every op has a kernel, and the loss falls", { timeout: TIMEOUT_MS }, async (name) => {
    const backend = await setBackend("wasm", { threads: 1 });
    const { side, labels } = golden.models[name];
    const model = await filledPort(name, side, "float32");
    const optimizer = new optim.AdamW(model.parameters(), { lr: 1e-4, weightDecay: 0.05 });
    const [x, y] = [images(side, labels.length, "float32"), tensor(Int32Array.from(labels))];
    const step = (): number =>
      scope(() => {
        const loss = nn.crossEntropy(model.forward(x), y).keep();
        loss.backward();
        optimizer.step();
        optimizer.zeroGrad();
        return loss.item();
      });
    const losses = [step(), step(), step()];
    expect(losses[2]).toBeLessThan(losses[0]!);
    expect(backend.stats.fallbacks).toEqual({});
  });
});
