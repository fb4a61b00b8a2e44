/**
 * Five SGD steps of MobileOne-S0 in float64, ours beside PyTorch's (test/golden/curves holds its numbers, and the script
 * that made them, which says how tensors are kept as sketches). Both forms of training, on the reference backend.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { setBackend, tensor } from "../../src/index.js";
import { decodeSafetensors, loadFileEntries, type StoredTensor, toFileEntries } from "../../src/models/files/index.js";
import { createModel, type MobileOne, type TrainingForm } from "../../src/models/index.js";
import { crossEntropy } from "../../src/nn/index.js";
import { Ema, SGD, splitNormParameters } from "../../src/optim/index.js";
import { Random } from "../../src/tensor/random.js";
import { sizeOf } from "../../src/tensor/shape.js";

/** The starting values of make-curves.py. */
const [SEED, IMAGE_SEED, SIGN_SEED] = [1, 2, 3];
const SIGNS = 4;
const [CLASSES, SIZE, BATCH] = [10, 32, 4];
const NORM_BOUND = 0.05;
const CLASSIFIER_BOUND = 0.01 * Math.sqrt(3);
const EMA_MOMENTUM = 0.25;
const DECAY = 1;

const golden = decodeSafetensors(
  readFileSync(join(import.meta.dirname, "..", "golden", "curves", "s0-float64.safetensors")),
).entries;
const values = (name: string): Float64Array => golden.get(name)!.values as Float64Array;

function uniform(random: Random, count: number, middle: number, bound: number): Float64Array {
  const [low, high] = [middle - bound, middle + bound];
  return Float64Array.from({ length: count }, () => low + (high - low) * random.uniform());
}

/** The first weights, in the layouts of files; stream i for parameter i. */
function initialEntries(model: MobileOne, entries: ReadonlyMap<string, StoredTensor>): Map<string, StoredTensor> {
  let stream = 0;
  const made = new Map(entries);
  for (const [name, { role }] of model.namedParameters()) {
    const { shape } = entries.get(name)!;
    const random = new Random(SEED, stream++);
    const [middle, bound] =
      role === "normScale"
        ? [1, NORM_BOUND]
        : role === "normShift"
          ? [0, NORM_BOUND]
          : role === "convWeight"
            ? [0, Math.sqrt(6 / (shape[0]! * shape[2]! * shape[3]!))]
            : [0, CLASSIFIER_BOUND];
    made.set(name, { shape, values: uniform(random, sizeOf(shape), middle, bound) });
  }
  return made;
}

/** Norm and dot products with vectors of signs, of each tensor in turn. */
function sketch(tensors: readonly ArrayLike<number>[]): Float64Array[] {
  return tensors.map((tensor, stream) => {
    const random = new Random(SIGN_SEED, stream);
    const row = new Float64Array(1 + SIGNS);
    for (let i = 0; i < tensor.length; i++) {
      const value = tensor[i]!;
      row[0]! += value * value;
      const bits = random.next32();
      for (let b = 0; b < SIGNS; b++) row[1 + b]! += (bits >>> b) & 1 ? -value : value;
    }
    row[0] = Math.sqrt(row[0]!);
    return row;
  });
}

/** The largest |difference| / |value| over the tensors, by their sketches. */
function worstError(actual: readonly Float64Array[], name: string): number {
  const { shape, values: rows } = golden.get(name)!;
  expect(shape).toEqual([actual.length, 1 + SIGNS]);
  const errors = actual.map((row, t) => {
    const expected = rows.subarray(t * (1 + SIGNS), (t + 1) * (1 + SIGNS)) as Float64Array;
    expect(expected[0]).toBeGreaterThan(0);
    const square = row.subarray(1).reduce((sum, value, i) => sum + (value - expected[1 + i]!) ** 2, 0) / SIGNS;
    return Math.max(Math.sqrt(square), Math.abs(row[0]! - expected[0]!)) / expected[0]!;
  });
  return errors.reduce((most, error) => (error > most || Number.isNaN(error) ? error : most), 0);
}

const isStatistic = (name: string): boolean => /running_(mean|var)$/.test(name);
/** Tensors of a dict in file layout: parameters, then statistics, each in the order of the state dict. */
async function fileOrder(model: MobileOne, dict = model.stateDict()): Promise<Map<string, StoredTensor>[]> {
  const entries = await toFileEntries(model, dict);
  const parameters = model.namedParameters();
  const pick = (keep: (name: string) => boolean) => new Map([...entries].filter(([name]) => keep(name)));
  return [pick((name) => parameters.has(name)), pick(isStatistic)];
}
const arrays = (entries: ReadonlyMap<string, StoredTensor>) => [...entries.values()].map((entry) => entry.values);

interface Curve {
  readonly losses: number[];
  readonly gradients: Map<string, StoredTensor>;
  readonly statistics: Map<string, StoredTensor>;
  /** After the last step: of parameters, of statistics. */
  readonly averages: readonly Map<string, StoredTensor>[];
}

async function train(training: TrainingForm, steps: number): Promise<Curve> {
  const model = createModel("mobileone_s0", { numClasses: CLASSES, dtype: "float64", init: "zeros", training });
  loadFileEntries(model, initialEntries(model, await toFileEntries(model)));
  const optimizer = new SGD(splitNormParameters(model), { lr: 1, momentum: 0.9, weightDecay: DECAY });
  const ema = new Ema(model, { momentum: EMA_MOMENTUM });
  const losses: number[] = [];
  let gradients = new Map<string, StoredTensor>();
  let statistics = new Map<string, StoredTensor>();
  for (const [step, lr] of values("rates").subarray(0, steps).entries()) {
    const shape = [BATCH, SIZE, SIZE, 3];
    const images = tensor(uniform(new Random(IMAGE_SEED, step), sizeOf(shape), 0, 2), shape);
    const labels = tensor(Int32Array.from({ length: BATCH }, (_, n) => (3 * step + 2 * n) % CLASSES));
    for (const group of optimizer.groups) group.lr = lr;
    const loss = crossEntropy(model.forward(images), labels, { labelSmoothing: 0.1 });
    losses.push(loss.item());
    loss.backward();
    if (step === 0) {
      const grads = new Map([...model.namedParameters()].map(([name, { tensor: own }]) => [name, own.grad!]));
      [gradients] = (await fileOrder(model, grads)) as [Map<string, StoredTensor>];
      statistics = (await fileOrder(model))[1]!;
    }
    optimizer.step();
    optimizer.zeroGrad();
    ema.update();
  }
  const averages = await ema.withAverages(() => fileOrder(model));
  model.dispose();
  return { losses, gradients, statistics, averages };
}

beforeAll(async () => {
  await setBackend("reference");
});

// two steps are enough for the folded form: test/models/folded-training.test.ts follows it beside the plain one
describe.each([
  ["plain", 5],
  ["folded", 2],
] as const)("S0 in float64, trained in %s form, beside PyTorch", (form, steps) => {
  let curve: Curve;
  beforeAll(async () => {
    curve = await train(form, steps);
  }, 240_000);

  test("first gradients, each tensor within 1e-9", () => {
    expect(worstError(sketch(arrays(curve.gradients)), "gradients")).toBeLessThanOrEqual(1e-9);
  });

  test.each([
    ["gradient.stem", "backbone.stage0.branch_scale.conv.weight"],
    ["gradient.classifier", "head.fc.bias"],
  ])("%s, every element", (name, parameter) => {
    const [actual, expected] = [curve.gradients.get(parameter)!, golden.get(name)!];
    expect(actual.shape).toEqual(expected.shape);
    const largest = Math.max(...Array.from(expected.values, Math.abs));
    for (const [i, value] of expected.values.entries())
      expect(Math.abs(actual.values[i]! - value)).toBeLessThanOrEqual(1e-9 * largest);
  });

  test("running statistics after the first step, each within 1e-9", () => {
    expect(worstError(sketch(arrays(curve.statistics)), "statistics")).toBeLessThanOrEqual(1e-9);
  });

  test(`losses of ${steps} steps within 1e-6`, () => {
    const expected = values("losses");
    expect(curve.losses).toHaveLength(steps);
    for (const [step, loss] of curve.losses.entries())
      expect(Math.abs(loss / expected[step]! - 1), `step ${step}`).toBeLessThanOrEqual(1e-6);
  });

  // five steps move a weight by some 1e-6 of itself, and statistics by half; rounding has grown to 2e-9 in these
  test.runIf(steps === values("losses").length)("averages after all steps", () => {
    const [weights, statistics] = curve.averages.map((dict) => sketch(arrays(dict)));
    expect(worstError(weights!, "averages")).toBeLessThanOrEqual(1e-9);
    expect(worstError(statistics!, "averagedStatistics")).toBeLessThanOrEqual(1e-7);
  });
});
