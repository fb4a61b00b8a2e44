/**
 * train() and evaluate() of any module on any data: the steps that a loop by hand makes, bits that do not depend on stops, and
 * words for what cannot be.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as T from "../../src/index.js";
import {
  accuracy,
  DataLoader,
  evaluate,
  type ModuleRecipe,
  models,
  nn,
  optim,
  setBackend,
  type Tensor,
  TensorDataset,
  type TrainModuleOptions,
  tensor,
  train,
} from "../../src/index.js";
import * as inNode from "../../src/node.js";
import { madeBatch } from "./made-batch.js";

const CLASSES = 3;
const SAMPLES = 20;
const BATCH = 8;
/** Of an epoch. */
const STEPS = 3;
const EPOCHS = 4;

let folder = "";
beforeAll(async () => {
  await setBackend("wasm");
  folder = mkdtempSync(join(tmpdir(), "tensorone-modules-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Points around three centres, which a small network tells apart. */
function points(length = SAMPLES): TensorDataset {
  const random = new T.Random(4);
  const labels = Int32Array.from({ length }, (_, i) => i % CLASSES);
  const values = Float32Array.from({ length: length * 2 }, (_, i) => {
    const label = labels[i >> 1]!;
    return (i % 2 === 0 ? Math.cos(2 * label) : Math.sin(2 * label)) * 2 + 0.3 * random.normal();
  });
  return new TensorDataset(tensor(values, [length, 2]), tensor(labels));
}

/** With statistics, and draws from the stream of random numbers. */
class Net extends nn.Module {
  readonly first = new nn.Linear(2, 16);
  readonly norm = new nn.BatchNorm1d(16);
  readonly dropout = new nn.Dropout(0.2);
  readonly momentum = new nn.Linear(16, CLASSES); // named as an old prefix of files
  forward(x: Tensor): Tensor {
    return this.momentum.forward(this.dropout.forward(this.norm.forward(this.first.forward(x)).relu()));
  }
}

function freshNet(): Net {
  T.manualSeed(1);
  return new Net();
}

const recipe: ModuleRecipe = {
  epochs: EPOCHS,
  batchSize: BATCH,
  optimizer: { kind: "adamw", lr: 0.02 },
  schedule: optim.cosine({ start: 0.02, length: EPOCHS * STEPS }),
  clipGrad: { maxNorm: 1 },
  ema: { momentum: 0.1 },
};
const valuesOf = (model: nn.Module, dict: ReadonlyMap<string, Tensor> = model.stateDict()) =>
  [...dict].map(([name, x]) => [name, Array.from(x.dataSync(), Number)]);
const batches = (): [Tensor, Tensor][] => [
  [
    tensor([
      [1, 0],
      [0, 1],
    ]),
    tensor(Int32Array.of(0, 1)),
  ],
  [
    tensor([
      [1, 1],
      [0, 0],
    ]),
    tensor(Int32Array.of(2, 0)),
  ],
];

describe("train", () => {
  it("makes the steps of a loop by hand, bit for bit, and learns", async () => {
    const model = freshNet();
    const set = points();
    const result = await train({ model, recipe, data: { train: set, val: set }, seed: 3 });
    expect(result).toMatchObject({ steps: EPOCHS * STEPS, epochs: EPOCHS, stopped: "finished" });
    expect(result.validation!.samples).toBe(SAMPLES);

    const own = freshNet();
    const optimizer = new optim.AdamW(own.namedParameters(), { lr: 0.02 });
    const ema = new optim.Ema(own, { momentum: 0.1 });
    const rate = optim.cosine({ start: 0.02, length: EPOCHS * STEPS });
    let step = 0;
    let loss = 0;
    for (let epoch = 0; epoch < EPOCHS; epoch++)
      for await (const [x, y] of new DataLoader(set, { batchSize: BATCH, shuffle: true, seed: 3 }).epoch(epoch)) {
        for (const group of optimizer.groups) group.lr = rate(step++);
        const lost = nn.crossEntropy(own.forward(x!), y!);
        lost.backward();
        optim.clipGradNorm(own.namedParameters(), 1);
        optimizer.step();
        optimizer.zeroGrad();
        ema.update();
        loss = lost.item();
      }
    expect(result.loss).toBe(loss);
    expect(valuesOf(model)).toEqual(valuesOf(own));
    expect(valuesOf(model, result.ema!.averages)).toEqual(valuesOf(own, ema.averages));
    const before = await evaluate(freshNet(), set);
    const after = await evaluate(model, set);
    expect(after.loss).toBeLessThan(before.loss);
    // the averages were validated, and the raw weights are back
    const averaged = await result.ema!.withAverages(() => evaluate(model, set, { batchSize: BATCH }));
    expect(averaged).toEqual({ loss: result.validation!.loss, metrics: result.validation!.metrics, samples: SAMPLES });
    expect(averaged.loss).not.toBe(after.loss);
  });

  it("goes on from any step with the same bits, dropout and averages included, out of a folder too", async () => {
    const data = { train: points() };
    const whole = freshNet();
    const { ema } = await train({ model: whole, recipe, data });
    // in the middle of an epoch, at its end, and where nothing is left to do
    for (const stop of [4, 2 * STEPS, EPOCHS * STEPS]) {
      const out = join(folder, `stop-${stop}`);
      const stopped = await inNode.train({ model: freshNet(), recipe, data, out, maxSteps: stop, keep: 1 });
      expect(stopped.steps).toBe(stop);
      expect(readdirSync(join(out, "checkpoints")).length).toBe(1);
      const model = freshNet();
      T.rand([3]); // another place of the stream than the run's
      const result = await inNode.train({ model, recipe, data, out, resume: true });
      expect(result.steps).toBe(EPOCHS * STEPS);
      expect(valuesOf(model)).toEqual(valuesOf(whole));
      expect(valuesOf(model, result.ema!.averages)).toEqual(valuesOf(whole, ema!.averages));
      const fresh = freshNet();
      T.io.decodeInto(fresh, readFileSync(result.modelFile!));
      expect(valuesOf(fresh)).toEqual(valuesOf(whole, ema!.averages));
    }
  });

  it("refuses a checkpoint of another recipe, and weights alone", async () => {
    const data = { train: points() };
    let state: Uint8Array | undefined;
    const checkpoint = (bytes: Uint8Array) => {
      state = bytes;
    };
    await train({ model: freshNet(), recipe: { ...recipe, epochs: 1 }, data, checkpoint });
    const other = { ...recipe, epochs: 1, batchSize: 4 };
    await expect(train({ model: freshNet(), recipe: other, data, resume: state! })).rejects.toThrow(
      /resume: belongs to another run: batchSize is 8, expected 4/,
    );
    const weights = await T.io.encodeModel(freshNet());
    await expect(train({ model: freshNet(), recipe, data, resume: weights })).rejects.toThrow(
      /format undefined, expected tensorone-module-1/,
    );
    await expect(
      inNode.train({ model: freshNet(), recipe, data, out: join(folder, "none"), resume: true }),
    ).rejects.toThrow(/resume is true, but .*none.* has no checkpoint/);
  });

  it("stops at a signal after the step under way, with a checkpoint to go on from", async () => {
    const data = { train: points() };
    const stop = new AbortController();
    let state: Uint8Array | undefined;
    const result = await train({
      model: freshNet(),
      recipe,
      data,
      signal: stop.signal,
      checkpoint: (bytes) => {
        state = bytes;
      },
      callbacks: {
        onStep: ({ step }) => {
          if (step === 5) stop.abort();
        },
      },
    });
    expect(result).toMatchObject({ steps: 5, epochs: 1, stopped: "signal" });
    const model = freshNet();
    await train({ model, recipe, data, resume: state! });
    const whole = freshNet();
    await train({ model: whole, recipe, data });
    expect(valuesOf(model)).toEqual(valuesOf(whole));
  });

  it("takes batches, functions of the epoch, loaders, and pictures with labels", async () => {
    const linear = () => {
      T.manualSeed(2);
      return new nn.Linear(2, CLASSES);
    };
    const plain: ModuleRecipe = { epochs: 2, optimizer: { kind: "sgd", lr: 0.1 } };
    async function* later() {
      yield* batches();
    }
    const list: MapList = { length: 2, get: (i) => batches()[i]! };
    const sources = {
      array: batches(),
      function: () => batches(),
      asynchronous: () => later(),
      loader: new DataLoader(list, { collate: ([pair]) => pair! }),
    };
    const found = [];
    for (const source of Object.values(sources)) {
      const model = linear();
      expect((await train({ model, recipe: plain, data: { train: source } })).steps).toBe(4);
      found.push(valuesOf(model));
    }
    for (const values of found) expect(values).toEqual(found[0]);
    const named = batches().map(([x, y]) => ({ x, y }));
    const model = linear();
    await train({ model, recipe: plain, data: { train: named }, batchOf: ({ x, y }) => [x, y] });
    expect(valuesOf(model)).toEqual(found[0]);

    const classifier = models.createModel("mobileone_s0", { numClasses: CLASSES, seed: 0 });
    const pictures = [0, 1].map((step) => madeBatch(CLASSES, 0, step));
    const { steps, validation } = await train({
      model: classifier,
      recipe: { epochs: 1, optimizer: (of) => new optim.SGD(of.namedParameters(), { lr: 0.01 }) },
      data: { train: pictures, val: pictures },
    });
    expect([steps, validation!.samples]).toEqual([2, 8]);
  });

  it("takes losses and metrics of any output", async () => {
    class Two extends nn.Module<{ readonly y: Tensor; readonly z: Tensor }> {
      readonly fc = new nn.Linear(2, 1);
      forward(x: Tensor) {
        const y = this.fc.forward(x);
        return { y, z: y.mul(2) };
      }
    }
    const x = T.rand([12, 2], { seed: 1 });
    const set = new TensorDataset(x, x.matmul(tensor([[2], [-1]])));
    const model = new Two();
    const options: TrainModuleOptions<{ readonly y: Tensor; readonly z: Tensor }> = {
      model,
      recipe: {
        epochs: 30,
        batchSize: 5,
        optimizer: { kind: "adam", lr: 0.05 },
        loss: ({ y }, target) => nn.mseLoss(y, target),
      },
      metrics: { half: ({ z }, target) => z.div(2).sub(target).abs().mean(), size: ({ y }) => y.shape[0]! },
      data: { train: set, val: set },
    };
    const first = await evaluate(model, set, { loss: options.recipe.loss!, metrics: options.metrics!, batchSize: 5 });
    const { validation } = await train(options);
    expect(validation!.loss).toBeLessThan(first.loss / 2);
    // means over samples, of batches of 5, 5 and 2
    expect(validation!.metrics.size).toBeCloseTo((25 + 25 + 4) / 12, 10);
    expect(Object.keys(first.metrics)).toEqual(["half", "size"]);
    expect(
      accuracy(
        tensor([
          [0, 1],
          [3, 2],
        ]),
        tensor(Int32Array.of(1, 1)),
      ).item(),
    ).toBe(0.5);
  });

  it("says what cannot be trained on, before anything runs or at its batch", async () => {
    const run = (changes: object) =>
      train({
        model: new nn.Linear(2, CLASSES),
        recipe: { epochs: 2, optimizer: { kind: "sgd", lr: 0.1 } },
        data: { train: batches() },
        ...changes,
      });
    await expect(run({ data: { train: 5 } })).rejects.toThrow(/^train: data\.train: number, expected a data set/);
    await expect(run({ data: { train: { samples: [], length: 0 } } })).rejects.toThrow(/hint: new DataLoader\(set/);
    await expect(run({ data: { train: [{ x: 1 }] } })).rejects.toThrow(
      /a batch is object, expected \[input, target\][\s\S]*batchOf/,
    );
    await expect(run({ data: { train: batches().values() } })).rejects.toThrow(/epoch 2 has no batches[\s\S]*used up/);
    await expect(run({ recipe: { epochs: 0, optimizer: { kind: "sgd", lr: 0.1 } } })).rejects.toThrow(/epochs is 0/);
    const perSample = { epochs: 1, optimizer: { kind: "sgd", lr: 0.1 }, loss: (y: Tensor) => y.mean(-1) };
    await expect(run({ recipe: perSample })).rejects.toThrow(/the loss is \[2\], expected one number/);
    const nan = { epochs: 1, optimizer: { kind: "sgd", lr: 0.1 }, loss: (y: Tensor) => y.mean().mul(Number.NaN) };
    await expect(run({ recipe: nan })).rejects.toThrow(/the loss is NaN at step 1[\s\S]*recipe\.optimizer\.lr/);
  });

  it("frees what it made, and leaves the caller's batches and mode", async () => {
    const model = new nn.Linear(2, CLASSES);
    model.eval();
    const own = batches();
    const set = points();
    const go = async () => {
      await train({
        model,
        recipe: { epochs: 1, optimizer: { kind: "adam", lr: 0.1 } },
        data: { train: own, val: set },
      });
      await train({ model, recipe: { epochs: 1, optimizer: { kind: "adam", lr: 0.1 } }, data: { train: set } });
    };
    await go();
    const before = T.liveStorage();
    await go();
    expect(T.liveStorage()).toEqual(before);
    expect(own[0]![0].toArray()).toEqual([
      [1, 0],
      [0, 1],
    ]);
    expect(model.training).toBe(false);
  });
});

type MapList = T.MapDataset<[Tensor, Tensor]>;
