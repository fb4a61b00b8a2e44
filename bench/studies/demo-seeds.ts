/**
 * The demo set, 300 steps, several seeds: ours in both forms of training and PyTorch, from the same weights, batches and
 * rates; what the averaged weights then know of the validation pictures. Minutes a seed.
 */
import { join } from "node:path";
import { evalTransform, trainTransform } from "../../src/data/transforms/index.js";
import { imagenetMean, imagenetStd, normalizeInto } from "../../src/data/transforms/normalize.js";
import { compile, noGrad, scope, setBackend, type Tensor, tensor } from "../../src/index.js";
import { type StoredTensor, toFileEntries } from "../../src/models/files/index.js";
import { type Classifier, createModel, type TrainingForm } from "../../src/models/index.js";
import { mobileoneS0Demo } from "../../src/models/mobileone/recipe-s0.js";
import { crossEntropy } from "../../src/nn/index.js";
import { Ema, SGD, splitNormParameters } from "../../src/optim/index.js";
import { applyRates, ratesAt } from "../../src/train/recipes/schedule.js";
import { countTopK, sumCrossEntropy } from "../../src/train/steps/metrics.js";
import { afterwards, describeMachine, machineLine } from "../measure/machine.js";
import { seedsOption } from "../options.js";
import { resultsFolder } from "../paths.js";
import { earlierRows, savePage } from "../report/results.js";
import { defineStudy } from "../study.js";
import { demoClasses, demoPictures, type Pictures } from "../work/demo-pictures.js";
import { TorchWork } from "../work/torch-work.js";

const STEPS = 300;
const DEFAULT_SEEDS = [0, 1, 2];
const THREADS = 2;
/** The last losses that are averaged: one batch says little. */
const TAIL = 50;

const { images: sizes, batchSize, model: modelName } = mobileoneS0Demo;
const side = sizes.trainSize;

interface Outcome {
  /** Mean of the last training losses. */
  readonly trainLoss: number;
  readonly valLoss: number;
  /** Percent. */
  readonly top1: number;
}
const sides = ["plain", "folded", "torch"] as const;
type Side = (typeof sides)[number];
type Row = { readonly seed: number } & { readonly [S in Side]: Outcome };

const normalized = ({ images, labels }: Pictures): Tensor =>
  tensor(normalizeInto(images, new Float32Array(images.length)), [labels.length, side, side, 3]);

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const tail = (losses: readonly number[]): number => mean(losses.slice(-TAIL));

function newModel(seed: number, training: TrainingForm): Classifier {
  return createModel(modelName, { numClasses: demoClasses().length, seed, training });
}

type Rates = readonly ReturnType<typeof ratesAt>[];

async function runOurs(
  seed: number,
  form: TrainingForm,
  train: readonly Pictures[],
  val: readonly Pictures[],
  rates: Rates,
) {
  const model = newModel(seed, form);
  const { optimizer: rule, ema: average, loss: criterion } = mobileoneS0Demo;
  const optimizer = new SGD(splitNormParameters(model), rule);
  const ema = new Ema(model, average);
  const step = compile((images: Tensor, labels: Tensor) => {
    const loss = crossEntropy(model.forward(images), labels, criterion);
    loss.backward();
    optimizer.step();
    optimizer.zeroGrad();
    ema.update();
    return loss;
  });
  const losses = train.map((batch, i) => {
    applyRates(optimizer.groups, rates[i]!);
    return scope(() => step(normalized(batch), tensor(batch.labels)).item());
  });
  const outcome = await ema.withAverages(() => {
    model.eval();
    let [right, loss, count] = [0, 0, 0];
    for (const batch of val) {
      const logits = scope(() => noGrad(() => model.forward(normalized(batch))).dataSync());
      right += countTopK(logits, batch.labels, 1);
      loss += sumCrossEntropy(logits, batch.labels);
      count += batch.labels.length;
    }
    return { trainLoss: tail(losses), valLoss: loss / count, top1: (100 * right) / count };
  });
  step.dispose();
  model.dispose();
  return outcome;
}

function joined(
  pictures: readonly Pictures[],
  shape: (count: number) => readonly number[],
  names: readonly [string, string],
) {
  const images = new Uint8Array(pictures.reduce((sum, one) => sum + one.images.length, 0));
  const labels = new Int32Array(pictures.reduce((sum, one) => sum + one.labels.length, 0));
  let [at, row] = [0, 0];
  for (const one of pictures) {
    images.set(one.images, at);
    labels.set(one.labels, row);
    at += one.images.length;
    row += one.labels.length;
  }
  const outer = shape(row);
  return [
    [names[0], { shape: [...outer, side, side, 3], values: images }],
    [names[1], { shape: outer, values: labels }],
  ] as const;
}

async function runTorch(seed: number, train: readonly Pictures[], val: readonly Pictures[], rates: Rates) {
  const model = newModel(seed, "plain");
  const { optimizer, ema, loss } = mobileoneS0Demo;
  const decays = [optimizer.weightDecay, 0] as const;
  const table = rates.flatMap((rate) => [rate.lr, ...decays.map((base) => rate.weightDecay(base))]);
  const work = new TorchWork();
  try {
    work.write("weights", await toFileEntries(model));
    work.write(
      "batches",
      new Map<string, StoredTensor>([
        ...joined(train, () => [STEPS, batchSize], ["images", "labels"]),
        ...joined(val, (count) => [count], ["valImages", "valLabels"]),
        ["rates", { shape: [STEPS, 3], values: Float64Array.from(table) }],
      ]),
    );
    const text = work.run("run", {
      model: modelName,
      classes: demoClasses().length,
      threads: THREADS,
      parameters: [...model.namedParameters().keys()],
      momentum: optimizer.kind === "sgd" ? optimizer.momentum : 0,
      emaMomentum: ema.momentum,
      labelSmoothing: loss.labelSmoothing,
      mean: imagenetMean,
      std: imagenetStd,
    });
    const { losses, valLoss, top1 } = JSON.parse(text) as { losses: number[]; valLoss: number; top1: number };
    return { trainLoss: tail(losses), valLoss, top1 };
  } finally {
    work.dispose();
    model.dispose();
  }
}

async function measure(seed: number): Promise<Row> {
  const { imageSize, resizeSize } = { imageSize: sizes.evalSize, resizeSize: sizes.evalResize };
  const transform = trainTransform({ imageSize: side, ...sizes });
  const { pictures: train, batchesPerEpoch } = await demoPictures("train", {
    transform,
    batchSize,
    seed,
    batches: STEPS,
  });
  const { pictures: val } = await demoPictures("val", {
    transform: evalTransform({ imageSize, resizeSize }),
    batchSize: sizes.evalBatchSize,
    seed,
  });
  // the schedule ends where we do
  const recipe = { ...mobileoneS0Demo, epochs: STEPS / batchesPerEpoch };
  const rates = train.map((_, step) => ratesAt(recipe, step, batchesPerEpoch));
  return {
    seed,
    plain: await runOurs(seed, "plain", train, val, rates),
    folded: await runOurs(seed, "folded", train, val, rates),
    torch: await runTorch(seed, train, val, rates),
  };
}

function deviation(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / Math.max(1, values.length - 1));
}

const figures = { top1: 2, valLoss: 4, trainLoss: 4 } as const;
const titles: Readonly<Record<Side, string>> = { plain: "ours, plain", folded: "ours, folded", torch: "PyTorch" };

function asMarkdown(rows: readonly Row[], line: string): string {
  const cell = ({ top1, valLoss, trainLoss }: Outcome) =>
    `${top1.toFixed(figures.top1)} | ${valLoss.toFixed(figures.valLoss)} | ${trainLoss.toFixed(figures.trainLoss)}`;
  const spread = (name: Side, figure: keyof Outcome) => {
    const values = rows.map((row) => row[name][figure]);
    return `${mean(values).toFixed(figures[figure])} ± ${deviation(values).toFixed(figures[figure])}`;
  };
  return `# The demo set, ${STEPS} steps: ours and PyTorch from the same weights and batches

MobileOne-S0, ${side} px, batch ${batchSize}, the demo recipe's rates over ${STEPS} steps, float32; validation with the averaged weights
on ${demoClasses().length} classes. Training loss: mean of the last ${TAIL} steps. ${line}.

| seed | | top-1 % | validation loss | training loss |
|---|---|---|---|---|
${rows.flatMap((row) => sides.map((name) => `| ${row.seed} | ${titles[name]} | ${cell(row[name])} |`)).join("\n")}
${sides.map((name) => `| mean ± deviation | ${titles[name]} | ${spread(name, "top1")} | ${spread(name, "valLoss")} | ${spread(name, "trainLoss")} |`).join("\n")}
`;
}

export const study = defineStudy({
  name: "demo-seeds",
  help: `${STEPS} steps on the demo set, ours in both forms and PyTorch from the same start; minutes a seed`,
  options: { seeds: seedsOption(DEFAULT_SEEDS) },
  examples: ["demo-seeds --seeds 0,1"],
  async run(values, _, tell) {
    const seeds = values.seeds ?? DEFAULT_SEEDS;
    const machine = describeMachine();
    await setBackend("wasm", { threads: THREADS });
    const rows = earlierRows<Row>(join(resultsFolder, `${study.name}.json`), seeds);
    for (const seed of seeds) {
      rows.push(await measure(seed));
      rows.sort((a, b) => a.seed - b.seed);
      // a long run that is cut short leaves its finished seeds
      const measured = afterwards(machine);
      const page = asMarkdown(rows, machineLine(measured));
      savePage(study.name, { machine: measured, steps: STEPS, rows }, page);
      tell(page);
    }
  },
});
