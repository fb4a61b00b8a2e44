/**
 * Which moving average is worth delivering after a short run: several rules beside one another on the same raw weights, ten
 * classes of 60 pictures at 32 px. Minutes a seed.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DataLoader } from "../../src/data/reading/loader.js";
import { openDataset } from "../../src/data/sets/dataset.js";
import { setBackend } from "../../src/index.js";
import { createModel } from "../../src/models/index.js";
import { mobileoneS0, mobileoneS0Demo } from "../../src/models/mobileone/recipe-s0.js";
import { update } from "../../src/ops/apply.js";
import { warmMomentum } from "../../src/optim/index.js";
import { allocate } from "../../src/tensor/create.js";
import { isFloat } from "../../src/tensor/dtype.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import { evaluate } from "../../src/train/evaluate.js";
import { evalPipeline, trainPipeline } from "../../src/train/recipes/pipeline.js";
import { warmupSteps } from "../../src/train/recipes/schedule.js";
import { Session } from "../../src/train/steps/session.js";
import { WholeUpdate } from "../../src/train/steps/whole-update.js";
import { afterwards, describeMachine, machineLine } from "../measure/machine.js";
import { seedsOption } from "../options.js";
import { resultsFolder } from "../paths.js";
import { earlierRows, savePage } from "../report/results.js";
import { defineStudy } from "../study.js";
import { writeTenClasses } from "../work/ten-classes.js";

const DEFAULT_SEEDS = [0, 1, 2];
const LEARNING_RATE = 0.02;
/** The run that the command line is judged by, and one of about four times its length. */
const LENGTHS = [8, 30];
/** Epochs of learning-rate warm-up: the reference's, or at most a share of the run. */
const warmups = {
  "5 epochs": () => 5,
  "1/4 of the run": (epochs: number) => Math.min(5, epochs / 4),
  "1/16 of the run": (epochs: number) => Math.min(5, epochs / 16),
} as const;
type Warmup = keyof typeof warmups;

const { momentum: base } = mobileoneS0.ema;
/** timm's ModelEmaV3 with use_warmup: gamma 1, power 2/3. */
const TIMM_POWER = 2 / 3;

/** The decay of tf.train.ExponentialMovingAverage with num_updates. */
const tensorflow = (t: number) => Math.max(base, 9 / (10 + t));

/** The weight of the new values after `t` updates of `steps` planned ones, `warm` of them with a rising learning rate. */
const rules = {
  "constant 5e-4": () => base,
  "constant .02": () => mobileoneS0Demo.ema.momentum,
  "constant 5 / steps": (_: number, steps: number) => Math.max(base, 5 / steps),
  "max(m, 9 / (10 + t))": tensorflow,
  "the same, at most .1, after warm-up": (t: number, _: number, warm: number) => warmMomentum(base, t, warm),
  "max(m, (1 + t)^(-2/3))": (t: number) => Math.max(base, (1 + t) ** -TIMM_POWER),
  "max(m, 1 / (1 + t))": (t: number) => Math.max(base, 1 / (1 + t)),
} as const;
type Rule = keyof typeof rules;
const ruleNames = Object.keys(rules) as Rule[];

/** Top-1 in percent. */
interface Row {
  readonly seed: number;
  readonly epochs: number;
  readonly warmup: Warmup;
  readonly steps: number;
  readonly raw: number;
  readonly averages: Readonly<Record<Rule, number>>;
}

/** One rule's average of a model's tensors, moved op by op. */
class Average {
  readonly #pairs: readonly { readonly raw: Tensor; readonly average: Tensor }[];
  #updates = 0;

  constructor(tensors: Iterable<Tensor>) {
    this.#pairs = [...tensors].map((raw) => ({ raw, average: allocate(raw.shape, raw.dtype, raw.backend).keep() }));
  }

  update(weight: number): void {
    for (const { raw, average } of this.#pairs)
      if (this.#updates === 0) update("assign", [average, raw], {});
      else if (isFloat(raw.dtype)) update("lerp", [average, raw], { weight });
    this.#updates++;
  }

  /** Overwrites the model. */
  install(): void {
    for (const { raw, average } of this.#pairs) update("assign", [raw, average], {});
  }

  dispose(): void {
    for (const { average } of this.#pairs) average.dispose();
  }
}

async function measure(data: string, seed: number, epochs: number, warmup: Warmup): Promise<Row> {
  const images = { ...mobileoneS0.images, trainSize: 32, evalSize: 32, evalResize: 37 };
  const schedule = { ...mobileoneS0.schedule, warmupEpochs: warmups[warmup](epochs) };
  const optimizer = { ...mobileoneS0.optimizer, lr: LEARNING_RATE };
  const recipe = { ...mobileoneS0, epochs, images, schedule, optimizer };
  const training = openDataset(data, "train");
  const { batchSize } = recipe;
  const common = { seed, workers: 0 };
  const loader = new DataLoader(training, {
    ...{ ...common, batchSize, shuffle: true },
    transform: trainPipeline(recipe, 0),
  });
  const validation = new DataLoader(openDataset(data, "val"), {
    ...common,
    batchSize: images.evalBatchSize,
    transform: evalPipeline(recipe),
  });
  const model = createModel(recipe.model, { numClasses: training.classes.length, seed });
  const session = new Session(recipe, model, loader.batchesPerEpoch);
  const step = new WholeUpdate(session);
  const averages = ruleNames.map((rule) => ({ rule, average: new Average(model.stateDict().values()) }));
  const steps = epochs * loader.batchesPerEpoch;
  const warm = warmupSteps(recipe, loader.batchesPerEpoch);
  for (let epoch = 0; epoch < epochs; epoch++)
    for await (const batch of loader.epoch(epoch)) {
      step.run(batch);
      for (const { rule, average } of averages) average.update(rules[rule](session.step - 1, steps, warm));
      batch.release();
    }
  const raw = (await evaluate(model, validation)).top1;
  const found: [Rule, number][] = [];
  for (const { rule, average } of averages) {
    average.install();
    found.push([rule, (await evaluate(model, validation)).top1]);
    average.dispose();
  }
  model.dispose();
  session.optimizer.dispose();
  session.ema.dispose();
  return { seed, epochs, warmup, steps, raw, averages: Object.fromEntries(found) as Record<Rule, number> };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function asMarkdown(rows: readonly Row[], line: string): string {
  const cells = (values: readonly number[]) => values.map((value) => value.toFixed(1)).join(" | ");
  const groups = LENGTHS.flatMap((epochs) =>
    (Object.keys(warmups) as Warmup[]).map((warmup) =>
      rows.filter((row) => row.epochs === epochs && row.warmup === warmup),
    ),
  ).filter((group) => group.length > 0);
  const lines = groups.flatMap((group) => {
    const [{ epochs, steps, warmup }] = group as [Row];
    const head = `${epochs} (${steps}) | ${warmup}`;
    const all = (row: Row) => [row.raw, ...ruleNames.map((rule) => row.averages[rule])];
    const means = all(group[0]!).map((_, i) => mean(group.map((row) => all(row)[i]!)));
    return [
      ...group.map((row) => `| ${head} | ${row.seed} | ${cells(all(row))} |`),
      `| ${head} | mean | ${cells(means)} |`,
    ];
  });
  return `# Short runs: which average is worth delivering

MobileOne-S0, 10 classes × 60 pictures, 32 px, batch 32, peak learning rate ${LEARNING_RATE}; top-1 in percent of 300 validation
pictures, of the raw weights at the end and of averages by several rules for the weight of the new values after t updates, m being 5e-4.
A run of fewer than 5 / m steps uses a quarter of the run and "the same, at most .1, after warm-up". ${line}.

| epochs (steps) | warm-up of the learning rate | seed | raw | ${ruleNames.join(" | ")} |
|---|---|---|---|${ruleNames.map(() => "---|").join("")}
${lines.join("\n")}
`;
}

export const study = defineStudy({
  name: "average-rules",
  help: "rules for the moving average of a short run, beside one another on the same weights; minutes a seed",
  options: { seeds: seedsOption(DEFAULT_SEEDS) },
  examples: ["average-rules --seeds 0"],
  async run(values, _, tell) {
    const seeds = values.seeds ?? DEFAULT_SEEDS;
    const machine = describeMachine();
    await setBackend("wasm", { threads: 1 });
    const data = mkdtempSync(join(tmpdir(), "tensorone-ten-"));
    const rows = earlierRows<Row>(join(resultsFolder, `${study.name}.json`), seeds);
    try {
      writeTenClasses(data);
      for (const epochs of LENGTHS)
        for (const seed of seeds)
          for (const warmup of Object.keys(warmups) as Warmup[]) {
            // the reference's warm-up is the shorter one there
            if (warmup === "1/4 of the run" && warmups[warmup](epochs) === warmups["5 epochs"]()) continue;
            rows.push(await measure(data, seed, epochs, warmup));
            rows.sort((a, b) => a.seed - b.seed);
            // a long run that is cut short leaves what it has measured
            const measured = afterwards(machine);
            savePage(study.name, { machine: measured, rows }, asMarkdown(rows, machineLine(measured)));
            tell(JSON.stringify(rows.at(-1)));
          }
    } finally {
      rmSync(data, { recursive: true });
    }
  },
});
