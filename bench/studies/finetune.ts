/**
 * What fine-tuning is worth on a hundred pictures: MobileOne-S0 learns five of the demo set's classes from all of their pictures, and
 * then the other five from 20 each, by finetune's defaults, against training from scratch with as many steps. Minutes a seed.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { choice, flag, text } from "../../src/cli/options.js";
import { setBackend } from "../../src/index.js";
import { createModel } from "../../src/models/index.js";
import { mobileoneS0Demo } from "../../src/models/mobileone/recipe-s0.js";
import type { Recipe } from "../../src/models/recipe.js";
import { loadFirstWeights } from "../../src/train/checkpoints/first-weights.js";
import { evaluate } from "../../src/train/evaluate.js";
import { chooseFinetuneRecipe } from "../../src/train/finetune.js";
import { planRecipe } from "../../src/train/recipes/plan.js";
import { soloGroup } from "../../src/train/replicas/process-group.js";
import { RunData } from "../../src/train/run-data.js";
import { Session } from "../../src/train/steps/session.js";
import { WholeUpdate } from "../../src/train/steps/whole-update.js";
import { train } from "../../src/train/trainer.js";
import { afterwards, describeMachine, machineLine } from "../measure/machine.js";
import { seedsOption } from "../options.js";
import { resultsFolder } from "../paths.js";
import { earlierRows, savePage } from "../report/results.js";
import { defineStudy } from "../study.js";
import { writeDemoClasses } from "../work/demo-classes.js";

const DEFAULT_SEEDS = [0, 1, 2, 3, 4];
/** Classes that the weights know, and those they are fine-tuned on. */
const splits = {
  "00-04": { base: [0, 1, 2, 3, 4], few: [5, 6, 7, 8, 9] },
  "05-09": { base: [5, 6, 7, 8, 9], few: [0, 1, 2, 3, 4] },
} as const;
type Split = keyof typeof splits;
const splitNames = Object.keys(splits) as Split[];
const PICTURES = 20;
/** Long enough that its validation no longer rises. */
const BASE_EPOCHS = 40;
const SCRATCH_RATES = [0.01, 0.03, 0.1];
/** What fine-tuning has to reach: points above the best from scratch, and top-1. */
const target = { points: 5, top1: 60 };

/** Top-1 in percent. */
interface Row {
  readonly seed: number;
  readonly split: Split;
  readonly steps: number;
  /** What finetune delivers. */
  readonly finetuned: number;
  /** After the best epoch, by learning rate, the better of raw and averaged weights; from half of the run on. */
  readonly scratch: readonly number[];
}

/** The weights that the others start from. */
async function trainBase(data: string, out: string): Promise<string> {
  const recipe = { ...mobileoneS0Demo, epochs: BASE_EPOCHS };
  const run = { recipe, data, out, seed: 0, workers: 0, keep: 1, loggers: [], backendLabel: "" };
  const { modelFile } = await train({ ...run, validateRaw: true });
  return modelFile!;
}

/** Top-1 of both sets of weights: of the last epoch, and the best of the epochs from half of the run on where they are asked for. */
async function measure(asked: Recipe, data: string, seed: number, init?: string) {
  const reading = {
    seed,
    workers: 0,
    decoder: "jpeg-js",
    replicas: 1,
    validate: true,
    valFraction: undefined,
  } as const;
  const pictures = new RunData(asked, { data, ...reading, skipBadPictures: false, onNotice: () => {} }, soloGroup());
  const recipe = planRecipe(asked, pictures.stepsPerEpoch);
  const model = createModel(recipe.model, { numClasses: pictures.classes.length, seed });
  const session = new Session(recipe, model, pictures.stepsPerEpoch);
  const classes = { where: data, names: pictures.classes, count: pictures.classes.length };
  if (init !== undefined) await loadFirstWeights(model, init, classes, { allow: false }, () => {});
  const step = new WholeUpdate(session);
  const judge = async () => {
    const top1 = async () => (await evaluate(model, pictures.validation!)).top1;
    return Math.max(await top1(), await session.ema.withAverages(top1));
  };
  let best = 0;
  for (let epoch = 0; epoch < recipe.epochs; epoch++) {
    for await (const batch of pictures.epoch(epoch, 0)) {
      step.run(batch);
      batch.release();
    }
    const isLast = epoch === recipe.epochs - 1;
    // what finetune delivers is judged at the end alone
    if (isLast || (init === undefined && epoch >= recipe.epochs / 2)) best = Math.max(best, await judge());
  }
  await pictures.close();
  for (const one of [model, session.optimizer, session.ema]) one.dispose();
  return { steps: session.step, top1: best };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function asMarkdown(rows: readonly Row[], line: string): string {
  const cells = (values: readonly number[]) => values.map((value) => value.toFixed(1)).join(" | ");
  const figures = ({ finetuned, scratch }: Row) => {
    const best = Math.max(...scratch);
    return [...scratch, best, finetuned, finetuned - best];
  };
  const lines = splitNames.flatMap((split) => {
    const own = rows.filter((row) => row.split === split);
    if (own.length === 0) return [];
    const means = figures(own[0]!).map((_, i) => mean(own.map((row) => figures(row)[i]!)));
    return [
      ...own.map((row) => `| ${split} | ${row.seed} | ${row.steps} | ${cells(figures(row))} |`),
      `| ${split} | mean | | ${cells(means)} |`,
    ];
  });
  return `# Fine-tuning on a hundred pictures

MobileOne-S0 at 32 px. The weights know five classes of the demo set (all train pictures, ${BASE_EPOCHS} epochs of the demo recipe); the others are
learned from the first ${PICTURES} train pictures of each by name, and judged on all of val (250 pictures: one is 0.4 points). finetune is run with
its defaults; from scratch are the same batches, epochs and augmentation at three learning rates, and the best epoch counts. Wanted: in the mean
${target.points} points more than the best from scratch, and ${target.top1} %. ${line}.

| known classes | seed | steps | ${SCRATCH_RATES.map((lr) => `scratch, ${lr}`).join(" | ")} | best of these | finetune | points more |
|---|---|---|${"---|".repeat(SCRATCH_RATES.length + 3)}
${lines.join("\n")}
`;
}

export const study = defineStudy({
  name: "finetune",
  help: "20 pictures of each of five classes, fine-tuned from weights that know five others, and from scratch; minutes a seed",
  options: {
    seeds: seedsOption(DEFAULT_SEEDS),
    known: choice<Split>(splitNames, { help: "classes that the weights know", default: "00-04" }),
    base: text({ help: "weights that know them; default: trained first", placeholder: "FILE" }),
    noScratch: flag({ help: "fine-tune alone, print, and leave bench/results as it is" }),
  },
  examples: ["finetune --seeds 0", "finetune --known 05-09 --no-scratch"],
  async run(values, _, tell) {
    const { known, noScratch } = values;
    const seeds = values.seeds ?? DEFAULT_SEEDS;
    const machine = describeMachine();
    await setBackend("wasm", { threads: 1 });
    const folder = mkdtempSync(join(tmpdir(), "tensorone-finetune-"));
    const path = join(resultsFolder, `${study.name}.json`);
    const rows = [
      ...earlierRows<Row>(path, []).filter((row) => row.split !== known),
      ...earlierRows<Row>(path, seeds).filter((row) => row.split === known),
    ];
    try {
      const [all, few] = [join(folder, "all"), join(folder, "few")];
      writeDemoClasses(all, splits[known].base);
      writeDemoClasses(few, splits[known].few, PICTURES);
      const init = values.base ?? (await trainBase(all, join(folder, "base")));
      for (const seed of seeds) {
        const recipe = await chooseFinetuneRecipe({ data: few, init });
        const { top1: finetuned, steps } = await measure(recipe, few, seed, init);
        tell(`${known}, seed ${seed}: finetune ${finetuned.toFixed(1)} after ${steps} steps`);
        if (noScratch) continue;
        const { transfer: _transfer, ...rest } = recipe;
        const scratch: number[] = [];
        for (const lr of SCRATCH_RATES)
          scratch.push((await measure({ ...rest, optimizer: { ...rest.optimizer, lr } }, few, seed)).top1);
        rows.push({ seed, split: known, steps, finetuned, scratch });
        rows.sort((a, b) => a.seed - b.seed);
        const measured = afterwards(machine);
        const page = asMarkdown(rows, machineLine(measured));
        savePage(study.name, { machine: measured, rows }, page);
        tell(page);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
});
