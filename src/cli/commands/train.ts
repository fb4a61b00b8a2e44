/** `train`: runs a recipe on a data set, in one process or several, and ends with what came of it and what to try next. */
import { joinProcessGroup } from "../../distributed/join.js";
import { listModels, type ModelName } from "../../models/index.js";
import { ConsoleLogger } from "../../train/loggers/console.js";
import { JsonlLogger } from "../../train/loggers/jsonl.js";
import { chooseRecipe } from "../../train/recipes/choose-recipe.js";
import { expectReplicas } from "../../train/replicas/replica-tree.js";
import { train } from "../../train/trainer.js";
import { certificateJson } from "../certificate.js";
import { defineCommand } from "../command.js";
import { isLauncher, launchRanks } from "../launch/launch.js";
import { launchOptions } from "../launch/options.js";
import { choice, flag, integer, optionalFile, positive, text } from "../options.js";
import { shownPath } from "../paths.js";
import {
  allowOtherClassesOption,
  autoScaleLrOption,
  commonOptions,
  computeOptions,
  DATA_HELP,
  decoderOption,
  planOptions,
  planOverrides,
  recipeOption,
  startBackend,
} from "../shared-options.js";
import { interruptions } from "../signals.js";
import { agreeOnRun, chooseRun } from "../train/choose-run.js";
import { chooseData, choosePlan } from "../train/choose-settings.js";
import { closing } from "../train/closing.js";
import { RunFileLogger } from "../train/run-file.js";
import { shareOfMachine } from "../train/share-of-machine.js";

export const training = defineCommand({
  name: "train",
  summary: "Trains a model and writes checkpoints, a log and the folded model",
  options: {
    model: choice<ModelName>(listModels(), { help: "what to train", default: "mobileone_s0" }),
    data: text({ help: `${DATA_HELP}; default: the bundled demo set`, placeholder: "DIR" }),
    out: text({ help: "folder of the run; default: a new one in runs/", placeholder: "DIR" }),
    recipe: recipeOption,
    epochs: integer({ help: "length of the schedule; default: the recipe's" }),
    maxSteps: integer({ help: "stop after this step, counted over the whole run" }),
    batchSize: integer({ help: "images of a replica and step; default: the recipe's" }),
    imageSize: integer({ help: "side of the pictures; default: the recipe's", max: 4096 }),
    lr: positive({ help: "peak learning rate; default: the recipe's" }),
    autoScaleLr: autoScaleLrOption,
    ...planOptions,
    seed: integer({ help: "of weights, order and augmentation", min: 0, max: 2 ** 32 - 1, default: 0 }),
    resume: optionalFile({
      help: "go on from the newest checkpoint of a run, of the run in folder FILE, or from a checkpoint FILE, also mmengine's epoch_N.pth; the run knows its options",
    }),
    init: text({ help: "start from the weights of FILE, .safetensors or .pth", placeholder: "FILE" }),
    allowOtherClasses: allowOtherClassesOption,
    noValidate: flag({ help: "leave validation out; DIR needs no val/ then" }),
    validateRaw: flag({ help: "validate the raw weights as well as the averaged ones" }),
    keep: integer({ help: "checkpoints to keep, the newest", default: 3 }),
    workers: integer({
      help: "threads of each process that decode pictures; 0 decodes between the steps; default: a quarter of its cores",
      min: 0,
      max: 256,
    }),
    decoder: decoderOption,
    ...computeOptions,
    replicas: integer({
      help: "batches of a step, each with its own statistics, their gradients averaged; any number of processes gives the same weights",
      max: 4096,
      default: 1,
    }),
    checkEvery: integer({ help: "steps between two checks that all processes hold equal weights", default: 100 }),
    ...launchOptions,
    ...commonOptions,
  },
  groups: [
    {
      title: "several processes",
      options: ["replicas", "nproc", "transport", "collectiveTimeout", "maxRestarts", "checkEvery"],
    },
    {
      title: "several machines, without a launcher of their own",
      options: ["nnodes", "nodeRank", "masterAddr", "masterPort"],
    },
  ],
  examples: [
    "train",
    "train --data path/to/imagenet --out runs/s0",
    "train --resume runs/s0",
    "train --model mobileone_s1 --data my-pictures --epochs 20 --image-size 128",
    "train --data path/to/imagenet --replicas 8 --nproc 8",
    "train --data imagenet --replicas 8 --nproc 4 --nnodes 2 --node-rank 0 --master-addr gpu0",
  ],
  async run(values, _, context, given) {
    const fresh = chooseRecipe(values.data === undefined, values);
    // --resume alone may mean a run on the demo set or on any other
    const choice = { ...values, otherName: values.data === undefined ? chooseRecipe(false, values).name : undefined };
    if (isLauncher(values, process.env)) {
      const { nproc = 1, nnodes = 1 } = values;
      const { out, stored } = await chooseRun(fresh.name, choice);
      expectReplicas(given.has("replicas") || !stored ? values.replicas : stored.replicas, nproc * nnodes);
      const words = ["--out", out];
      return launchRanks(values, process.env, { firstArgs: words, resumeArgs: words });
    }
    const { terminal, caller } = context;
    const onNotice = (line: string) => terminal.print(line);
    const group = await joinProcessGroup(
      { transport: values.transport, deadlineMs: 1000 * values.collectiveTimeout, onNotice },
      process.env,
    );
    const { out, resume, init, stored } = await agreeOnRun(fresh.name, choice, group, process.env);
    const say = group.rank === 0 ? onNotice : () => {};
    const { recipe, seed, replicas, settings, notices } = choosePlan(values, given, fresh, stored);
    const { data, isDemo } = chooseData(settings, values, stored);
    if (isDemo && !stored) {
      const modelOption = values.model === training.options.model.fallback ? "" : ` --model ${values.model}`;
      say("no --data: training on the bundled demo set, a small part of Fashion-MNIST as JPEG files");
      say(`with ImageNet: ${caller} train${modelOption} --data path/to/imagenet   (train/<class>/*.JPEG, val/…)`);
      say("");
    }
    for (const line of notices) say(line);
    const { decoder, backend, turbo } = settings;
    const { threads, workers } = shareOfMachine(values, group.localSize);
    const backendLabel = await startBackend({ backend, turbo, threads });
    const interruption = interruptions((name) => {
      say(`${name}: saving at the end of this step, then leaving; once more leaves at once`);
    });
    try {
      const result = await train({
        recipe,
        plan: planOverrides(values),
        data,
        out,
        seed,
        replicas,
        group,
        checkEvery: settings.checkEvery,
        workers,
        ...(decoder === null ? {} : { decoder }),
        validate: !settings.noValidate,
        validateRaw: settings.validateRaw,
        keep: settings.keep,
        allowOtherClasses: values.allowOtherClasses,
        ...(values.maxSteps === undefined ? {} : { maxSteps: values.maxSteps }),
        ...(resume === undefined ? {} : { resume }),
        ...(init === undefined ? {} : { init }),
        loggers: [
          new ConsoleLogger(terminal, { showPath: shownPath }),
          new JsonlLogger(),
          new RunFileLogger(out, settings),
        ],
        signal: interruption.signal,
        backendLabel,
      });
      await group.close();
      const { stopCode, ...outcome } = result;
      if (group.rank !== 0) return { json: null, exitCode: stopCode };
      for (const line of closing(result, { data, isDemo, out, command: context })) terminal.print(line);
      const certificate = result.certificate && certificateJson(result.certificate);
      return { json: { model: recipe.model, data, out, ...outcome, certificate }, exitCode: stopCode };
    } finally {
      interruption.stop();
    }
  },
});
