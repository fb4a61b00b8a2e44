/**
 * The options of a training run, which train and finetune share, and their groups in the help.
 */

import { listModels, type ModelName } from "../../models/index.js";
import type { Command } from "../command.js";
import { launchOptions } from "../launch/options.js";
import { choice, flag, integer, optionalFile, positive, text, textOrTexts, type Values } from "../options.js";
import {
  allowOtherClassesOption,
  autoScaleLrOption,
  badPictureOption,
  commonOptions,
  configOptions,
  DATA_HELP,
  decoderOption,
  fastComputeOptions,
  planOptions,
  recipeOption,
  valFractionOption,
} from "../shared-options.js";
import { augmentationGroup, lossOptions, pictureOptions } from "./augmentation-options.js";
import { optimizationOptions } from "./optimization-options.js";
import { savingOptions } from "./saving-options.js";
import { stoppingOptions } from "./stopping-options.js";

/** How a run ends, for whoever started it. */
export const trainingExits = [
  ["0", "done, also where --max-steps or --patience ended it"],
  ["1", "an error; the steps before it are saved where they are whole"],
  ["2", "called wrongly"],
  [
    "129, 130, 138, 143",
    "SIGHUP, SIGINT, SIGUSR1, SIGTERM: saved at the end of a step; the second signal leaves at once",
  ],
  ["141", "nobody reads its output any more: saved at the end of a step"],
] as const;

/** What of the weights of --init stays, and how fast the rest moves. */
const transferOptions = {
  frozenStages: integer({
    help: "stages that stay as they are, weights and statistics: 0 the stem, 2 the stem and two stages, 4 all but the head; -1: none",
    min: -1,
    max: 4,
  }),
  normEval: flag({ help: "batch norms of the backbone go by their running statistics, which stay" }),
  headLr: positive({ help: "peak learning rate of the head; default: the recipe's" }),
};

export const trainingOptions = {
  model: choice<ModelName>(listModels(), { help: "what to train", default: "mobileone_s0" }),
  data: textOrTexts({ help: `${DATA_HELP}; default: the bundled demo set`, placeholder: "DIR" }),
  valFraction: valFractionOption,
  balancedSampling: flag({ help: "every class equally often in an epoch, pictures of rare ones several times" }),
  onBadPicture: badPictureOption,
  out: text({ help: "folder of the run; default: a new one in runs/", placeholder: "DIR" }),
  recipe: recipeOption,
  ...configOptions,
  epochs: integer({ help: "length of the schedule; default: the recipe's" }),
  maxSteps: integer({ help: "stop after this step, counted over the whole run" }),
  batchSize: integer({ help: "images of a replica and step; default: the recipe's" }),
  imageSize: integer({ help: "side of the pictures; default: the recipe's", max: 4096 }),
  lr: positive({ help: "peak learning rate; default: the recipe's" }),
  autoScaleLr: autoScaleLrOption,
  ...planOptions,
  ...optimizationOptions,
  ...pictureOptions,
  ...lossOptions,
  ...stoppingOptions,
  seed: integer({ help: "of weights, order and augmentation", min: 0, max: 2 ** 32 - 1, default: 0 }),
  resume: optionalFile({
    help: "go on from the newest checkpoint of a run, of the run in folder FILE, or from a checkpoint FILE, also mmengine's epoch_N.pth; the run knows its options",
  }),
  init: text({
    help: "start from the weights of FILE: .safetensors or .pth, the folder of a run, an address (https, hf://owner/repository/file), or a name that weights lists; other classes get a new head",
    placeholder: "FILE",
  }),
  ...transferOptions,
  allowOtherClasses: allowOtherClassesOption,
  allowChangedData: flag({
    help: "with --resume: go on where pictures were replaced, renamed, removed or added since; a line names them",
  }),
  noValidate: flag({ help: "leave validation out, and train on every picture where none are marked for it" }),
  tensorboard: flag({
    help: "write curves for TensorBoard into <out>/tensorboard; a resumed run that has the folder goes on with it",
  }),
  noReport: flag({ help: "write no report.html at the end" }),
  validateRaw: flag({ help: "validate the raw weights as well as the averaged ones" }),
  ...savingOptions,
  workers: integer({
    help: "threads of each process that decode pictures; 0 decodes between the steps; default: a quarter of its cores",
    min: 0,
    max: 256,
  }),
  decoder: decoderOption,
  ...fastComputeOptions,
  replicas: integer({
    help: "batches of a step, each with its own statistics, their gradients averaged; any number of processes gives the same weights",
    max: 4096,
    default: 1,
  }),
  checkEvery: integer({ help: "steps between two checks that all processes hold equal weights", default: 100 }),
  ...launchOptions,
  ...commonOptions,
};

export type TrainingValues = Values<typeof trainingOptions>;

export const trainingGroups = [
  {
    title: "how the weights are moved",
    options: ["optimizer", "weightDecay", "schedule", "milestones", "clipGradNorm", "accumulate", "precision"],
  },
  augmentationGroup,
  {
    title: "by the validation of each epoch",
    options: ["patience", "patienceMetric", "minDelta", "saveBest"],
  },
  { title: "checkpoints", options: ["keep", "saveEvery"] },
  {
    title: "several processes",
    options: ["replicas", "nproc", "transport", "collectiveTimeout", "maxRestarts", "checkEvery"],
  },
  {
    title: "several machines, without a launcher of their own",
    options: ["nnodes", "nodeRank", "masterAddr", "masterPort", "bindAddr"],
  },
] as const satisfies Command<typeof trainingOptions>["groups"];
