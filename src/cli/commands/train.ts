/** `train`: runs a recipe on a data set, in one process or several, and ends with what came of it and what to try next. */
import { loadDecoder } from "../../data/codecs/decoder.js";
import { joinProcessGroup } from "../../distributed/join.js";
import { listModels, type ModelName } from "../../models/index.js";
import { ConsoleLogger } from "../../train/loggers/console.js";
import { JsonlLogger } from "../../train/loggers/jsonl.js";
import { expectReplicas } from "../../train/replica-tree.js";
import { train } from "../../train/trainer.js";
import { certificateJson } from "../certificate.js";
import { defineCommand } from "../command.js";
import { isLauncher, launchRanks } from "../launch/launch.js";
import { launchOptions } from "../launch/options.js";
import { choice, flag, integer, optionalFile, positive, text } from "../options.js";
import { demoData, shownPath } from "../paths.js";
import {
  autoScaleLrOption,
  commonOptions,
  computeOptions,
  dataHelp,
  decoderOption,
  recipeOption,
  startBackend,
} from "../shared-options.js";
import { interruptions } from "../signals.js";
import { chooseRecipe } from "../train/choose-recipe.js";
import { agreeOnRun, chooseRun } from "../train/choose-run.js";
import { closing } from "../train/closing.js";
import { shareOfMachine } from "../train/share-of-machine.js";

export const training = defineCommand({
  name: "train",
  summary: "Trains a model and writes checkpoints, a log and the folded model",
  options: {
    model: choice<ModelName>(listModels(), { help: "what to train", default: "mobileone_s0" }),
    data: text({ help: `${dataHelp}; default: the bundled demo set`, placeholder: "DIR" }),
    out: text({ help: "folder of the run; default: a new one in runs/", placeholder: "DIR" }),
    recipe: recipeOption,
    epochs: integer({ help: "length of the schedule; default: the recipe's" }),
    maxSteps: integer({ help: "stop after this step, counted over the whole run" }),
    batchSize: integer({ help: "images of a replica and step; default: the recipe's" }),
    imageSize: integer({ help: "side of the pictures; default: the recipe's", max: 4096 }),
    lr: positive({ help: "peak learning rate; default: the recipe's" }),
    autoScaleLr: autoScaleLrOption,
    seed: integer({ help: "of weights, order and augmentation", min: 0, max: 2 ** 32 - 1, default: 0 }),
    resume: optionalFile({
      help: "go on from the newest checkpoint of the run, or from FILE, also mmengine's epoch_N.pth",
    }),
    init: text({ help: "start from the weights of FILE, .safetensors or .pth", placeholder: "FILE" }),
    noValidate: flag({ help: "leave validation out" }),
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
    "train --data path/to/imagenet --out runs/s0 --resume",
    "train --model mobileone_s1 --data my-pictures --epochs 20 --image-size 128",
    "train --data path/to/imagenet --replicas 8 --nproc 8",
    "train --data imagenet --replicas 8 --nproc 4 --nnodes 2 --node-rank 0 --master-addr gpu0",
  ],
  async run(values, _, face) {
    const isDemo = values.data === undefined;
    const recipe = chooseRecipe(isDemo, values);
    if (isLauncher(values, process.env)) {
      const { replicas, nproc = 1, nnodes = 1 } = values;
      expectReplicas(replicas, nproc * nnodes);
      const out = ["--out", chooseRun(recipe.name, values)];
      return launchRanks(values, process.env, { firstArgs: out, resumeArgs: out });
    }
    const { terminal, caller } = face;
    const { data = demoData, model, transport } = values;
    const onNotice = (line: string) => terminal.print(line);
    const group = await joinProcessGroup(
      { transport, deadlineMs: 1000 * values.collectiveTimeout, onNotice },
      process.env,
    );
    const { out, resume, init } = await agreeOnRun(recipe.name, values, group, process.env);
    const say = group.rank === 0 ? onNotice : () => {};
    if (isDemo) {
      const modelOption = model === training.options.model.fallback ? "" : ` --model ${model}`;
      say("no --data: training on the bundled demo set, a small part of Fashion-MNIST as JPEG files");
      say(`with ImageNet: ${caller} train${modelOption} --data path/to/imagenet   (train/<class>/*.JPEG, val/…)`);
      say("");
    }
    await loadDecoder(values.decoder); // a missing package is told before any work
    const { threads, workers } = shareOfMachine(values, group.localSize);
    const backendLabel = await startBackend({ ...values, threads });
    const interruption = interruptions((name) => {
      say(`${name}: saving at the end of this step, then leaving; once more leaves at once`);
    });
    try {
      const result = await train({
        recipe,
        data,
        out,
        seed: values.seed,
        replicas: values.replicas,
        group,
        checkEvery: values.checkEvery,
        workers,
        decoder: values.decoder,
        validate: !values.noValidate,
        validateRaw: values.validateRaw,
        keep: values.keep,
        ...(values.maxSteps === undefined ? {} : { maxSteps: values.maxSteps }),
        ...(resume === undefined ? {} : { resume }),
        ...(init === undefined ? {} : { init }),
        loggers: [new ConsoleLogger(terminal, { showPath: shownPath }), new JsonlLogger()],
        signal: interruption.signal,
        backendLabel,
      });
      await group.close();
      const { stopCode, ...outcome } = result;
      if (group.rank !== 0) return { json: null, exitCode: stopCode };
      for (const line of closing(result, { data, isDemo, out, face })) terminal.print(line);
      const certificate = result.certificate && certificateJson(result.certificate);
      return { json: { model, data, out, ...outcome, certificate }, exitCode: stopCode };
    } finally {
      interruption.stop();
    }
  },
});
