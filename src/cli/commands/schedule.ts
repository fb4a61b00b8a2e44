/** `schedule`: what a recipe does in each epoch, as a table, as curves, and as a plot. Nothing is trained. */
import { openDataset } from "../../data/sets/dataset.js";
import { listModels, type ModelName } from "../../models/index.js";
import type { Recipe } from "../../models/recipe.js";
import { epochLength } from "../../train/recipes/epoch-length.js";
import { describePlan, planRecipe } from "../../train/recipes/plan.js";
import { type EpochPlan, planOf } from "../../train/recipes/schedule.js";
import { writeFileAtomic } from "../../util/atomic-file.js";
import { UsageError } from "../../util/errors.js";
import { formatInteger, formatRate, formatTable, sparkline } from "../../util/format.js";
import { defineCommand } from "../command.js";
import { choice, flag, integer, positive, text, textOrTexts } from "../options.js";
import { checkOutput, demoData, shownPath } from "../paths.js";
import { type Panel, svgPlot } from "../schedule/svg-plot.js";
import {
  autoScaleLrOption,
  commonOptions,
  configOptions,
  DATA_HELP,
  planOptions,
  recipeOption,
  valFractionOf,
  valFractionOption,
} from "../shared-options.js";
import { optimizationOptions } from "../train/optimization-options.js";
import { configOf, recipeOf, withRun } from "../train/recipe-request.js";

/** Pictures of ImageNet's train set, where no data set is named. */
const IMAGENET_TRAIN_IMAGES = 1_281_167;
/** Those of a run that change what is shown. */
const { clipGradNorm: _, ...shownOptimization } = optimizationOptions;
/** Lines of the table unless all are asked for. */
const SHOWN_EPOCHS = 24;

export const schedule = defineCommand({
  name: "schedule",
  summary: "Shows learning rate, weight decay, picture size and augmentation of each epoch of a recipe",
  options: {
    model: choice<ModelName>(listModels(), { help: "whose recipe", default: "mobileone_s0" }),
    recipe: recipeOption,
    ...configOptions,
    data: textOrTexts({
      help: `${DATA_HELP}, for the steps of an epoch; default: ImageNet's number`,
      placeholder: "DIR",
    }),
    valFraction: valFractionOption,
    epochs: integer({ help: "length of the schedule; default: the recipe's", max: 100_000 }),
    batchSize: integer({ help: "images of a step and replica; default: the recipe's" }),
    replicas: integer({ help: "replicas that share a step", default: 1, max: 65_536 }),
    imageSize: integer({ help: "side of the pictures; default: the recipe's", max: 4096 }),
    lr: positive({ help: "peak learning rate; default: the recipe's" }),
    autoScaleLr: autoScaleLrOption,
    ...planOptions,
    ...shownOptimization,
    all: flag({ help: `a line for every epoch, not only about ${SHOWN_EPOCHS} of them` }),
    plot: text({ help: "write the curves as a picture", placeholder: "FILE.svg" }),
    force: flag({ help: "replace FILE.svg if it exists" }),
    ...commonOptions,
  },
  examples: [
    "schedule --replicas 8",
    "schedule --model mobileone_s2 --plot s2.svg",
    "schedule --data my-pictures --val-fraction 0.1 --epochs 20",
    "schedule --model mobileone_s1 --recipe as-shipped --epochs 30 --all",
    "schedule --config my.json --data my-pictures --set optimizer.kind=adamw",
    "schedule --optimizer adamw --schedule one-cycle --epochs 30 --accumulate 4",
  ],
  async run(line, _, { terminal }, onLine) {
    const config = await configOf(line);
    const { values, given } = withRun(line, onLine, config?.run);
    // no set stands for ImageNet here, unless a config says that it is the demo set
    const isDemo = values.data === undefined && config?.run.data === null;
    const { plot, data = isDemo ? demoData : undefined, replicas, all } = values;
    if (plot !== undefined && !/\.svg$/i.test(plot))
      throw new UsageError(`schedule: --plot ${plot}, expected a name that ends in .svg`);
    if (plot !== undefined) checkOutput("schedule", "", plot, values.force);
    const resolved = await recipeOf(values, given, { config, isDemo });
    const { recipe: published, changed } = resolved;
    const images =
      data === undefined ? IMAGENET_TRAIN_IMAGES : openDataset(data, "train", valFractionOf(values)).length;
    const { steps: stepsPerEpoch } = epochLength(published, images, replicas);
    const recipe = planRecipe(published, stepsPerEpoch, resolved.plan);
    const plan = planOf(recipe, stepsPerEpoch);
    terminal.print(terminal.paint("bold", `recipe ${recipe.name} (${recipe.source})`));
    const { accumulate = 1 } = recipe;
    const shape = `${replicas > 1 ? `${replicas} replicas x ` : ""}${accumulate > 1 ? `${accumulate} x ` : ""}${recipe.batchSize} images`;
    terminal.print(
      `${recipe.epochs} epochs of ${formatInteger(stepsPerEpoch)} steps of ${shape}, ${formatInteger(images)} train images`,
    );
    const fitted = describePlan(recipe, stepsPerEpoch);
    if (fitted !== null) terminal.print(fitted);
    for (const one of changed) terminal.print(`changed: ${one}`);
    terminal.print();
    for (const line of table(all ? plan : selected(plan))) terminal.print(line);
    terminal.print();
    for (const line of curves(plan)) terminal.print(line);
    if (plot !== undefined) {
      await writeFileAtomic(plot, svgPlot(`${recipe.name}, ${recipe.epochs} epochs`, panels(plan)));
      terminal.print(`wrote ${shownPath(plot)}`);
    }
    return {
      json: {
        ...describe(recipe),
        images,
        replicas,
        stepsPerEpoch,
        plot: plot ?? null,
        changed,
        resolved: recipe,
        epochs: plan,
      },
    };
  },
});

const describe = ({ model, name, source, plan, ema, batchSize, schedule: { warmupEpochs, interval } }: Recipe) => ({
  model,
  recipe: name,
  source,
  plan,
  ema,
  batchSize,
  warmupEpochs,
  interval,
});

/** The first and the last, those where something begins, and some in between. */
function selected(plan: readonly EpochPlan[]): EpochPlan[] {
  const every = Math.max(1, Math.ceil(plan.length / SHOWN_EPOCHS));
  return plan.filter((row, i) => {
    const before = plan[i - 1];
    const isSwitch = before?.trainSize !== row.trainSize || before.randAugmentLevel !== row.randAugmentLevel;
    const isWarm = row.lastLr > row.lr || (before !== undefined && before.lastLr > before.lr);
    return isSwitch || (isWarm && i <= SHOWN_EPOCHS / 2) || i % every === 0 || i === plan.length - 1;
  });
}

function table(rows: readonly EpochPlan[]): string[] {
  const header = ["epoch", "first step", "lr", "", "weight decay", "batch norm's", "pictures", "RandAugment"];
  const cells = rows.map((row) => [
    String(row.epoch),
    formatInteger(row.firstStep),
    formatRate(row.lr),
    row.lastLr === row.lr ? "" : `-> ${formatRate(row.lastLr)}`,
    row.weightDecay.toExponential(3),
    row.normWeightDecay === 0 ? "0" : row.normWeightDecay.toExponential(3),
    `${row.trainSize}x${row.trainSize}`,
    row.randAugmentLevel === null ? "none" : `level ${row.randAugmentLevel}`,
  ]);
  return formatTable([header, ...cells], [true, true, true, false, true, true, true, true]);
}

function curves(plan: readonly EpochPlan[]): string[] {
  const rows = [
    ["lr", plan.map(({ lr }) => lr)],
    ["weight decay", plan.map(({ weightDecay }) => weightDecay)],
    ["batch norm's", plan.map(({ normWeightDecay }) => normWeightDecay)],
    ["picture side", plan.map(({ trainSize }) => trainSize)],
  ] as const;
  return formatTable(
    rows.map(([label, values]) => [
      label,
      sparkline(values, 60),
      `${formatRate(Math.min(...values))} to ${formatRate(Math.max(...values))}`,
    ]),
  );
}

function panels(plan: readonly EpochPlan[]): Panel[] {
  const [blue, orange] = ["#1f6fb4", "#c8500a"];
  const curve = (label: string, color: string, of: (row: EpochPlan) => number) => ({
    label,
    color,
    values: plan.map(of),
  });
  return [
    { title: "learning rate", curves: [curve("lr", blue, ({ lr }) => lr)] },
    {
      title: "weight decay",
      curves: [
        curve("weights and biases", blue, ({ weightDecay }) => weightDecay),
        curve("batch norm", orange, ({ normWeightDecay }) => normWeightDecay),
      ],
    },
    {
      title: "picture side, pixels",
      isStepped: true,
      curves: [curve("side", blue, ({ trainSize }) => trainSize)],
    },
    {
      title: "RandAugment level",
      isStepped: true,
      curves: [curve("level", blue, ({ randAugmentLevel }) => randAugmentLevel ?? 0)],
    },
  ];
}
