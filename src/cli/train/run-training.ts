/**
 * What train and finetune do: a recipe on a data set, in one process or several, ending with what came of it and what to try
 * next.
 */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { getBackend } from "../../backends/backend.js";
import { joinProcessGroup } from "../../distributed/join.js";
import type { Recipe } from "../../models/recipe.js";
import { ConsoleLogger } from "../../train/loggers/console.js";
import { JsonlLogger } from "../../train/loggers/jsonl.js";
import { MachineLogger } from "../../train/loggers/machine.js";
import { TENSORBOARD_FOLDER, TensorBoardLogger } from "../../train/loggers/tensorboard.js";
import { expectReplicas } from "../../train/replicas/replica-tree.js";
import { beginAgain } from "../../train/runs/begun-run.js";
import { agreeOnRun, chooseRun } from "../../train/runs/choose-run.js";
import { chooseData, choosePlan } from "../../train/runs/choose-settings.js";
import { RecipeFileLogger } from "../../train/runs/recipe-file.js";
import { otherBits, RunFileLogger } from "../../train/runs/run-file.js";
import { train } from "../../train/trainer.js";
import { certificateJson } from "../certificate.js";
import type { CommandContext, Outcome } from "../command.js";
import { isLauncher, launchRanks } from "../launch/launch.js";
import { localWeights } from "../local-weights.js";
import { commandLine, demoData, shownPath } from "../paths.js";
import { startBackend } from "../shared-options.js";
import { interruptions } from "../signals.js";
import { closing } from "./closing.js";
import { configOf, recipeOf, withRun } from "./recipe-request.js";
import { reportAtEnd } from "./report-at-end.js";
import { shareOfMachine } from "./share-of-machine.js";
import { type TrainingValues, trainingOptions } from "./training-options.js";

/** `chooseBase` gives the recipe that config and options change, of a run to go on with its name; default: the published one, or the demo set's. */
export async function runTraining(
  asTyped: TrainingValues,
  context: CommandContext,
  typed: ReadonlySet<string>,
  chooseBase?: (values: TrainingValues) => Promise<Recipe>,
): Promise<Outcome> {
  const { line, onLine, begins } = asBegun(asTyped, typed);
  const config = await configOf(line);
  const { values, given } = withRun(line, onLine, config?.run);
  const base = await chooseBase?.(values);
  const isOnDemo = values.data === undefined && !base;
  const fresh = await recipeOf(values, given, { config, isDemo: isOnDemo, base });
  // --resume alone may mean a run on the demo set or on any other
  const other = isOnDemo ? await recipeOf(values, given, { config, isDemo: false }) : null;
  const asked = { ...values, otherName: other?.recipe.name };
  if (isLauncher(values, process.env)) {
    const { nproc = 1, nnodes = 1 } = values;
    // once for all processes of this machine
    const choice = { ...asked, init: await firstWeights(values, context.terminal) };
    const { out, stored } = await chooseRun(fresh.recipe.name, choice);
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
  const say = group.rank === 0 ? onNotice : () => {};
  const ownInit = await firstWeights(values, group.rank === 0 ? terminal : silent).catch(async (error) => {
    await group.abort(String(error)).catch(() => {});
    throw error;
  });
  const run = await agreeOnRun(fresh.recipe.name, { ...asked, init: ownInit }, group, process.env);
  const { out, resume, stored } = run;
  // the cache of another machine may lie elsewhere
  const init = run.init === undefined ? undefined : ownInit;
  const { recipe, seed, replicas, settings, notices } = choosePlan(values, given, fresh, stored);
  const { data, isDemo } = chooseData(settings, values, stored, demoData);
  if (isDemo && !stored) {
    const modelOption = values.model === trainingOptions.model.fallback ? "" : ` --model ${values.model}`;
    say("no --data: training on the bundled demo set, a small part of Fashion-MNIST as JPEG files");
    say(`with ImageNet: ${caller} train${modelOption} --data path/to/imagenet   (train/<class>/*.JPEG, val/…)`);
    say("");
  }
  for (const line of [...(begins === null ? [] : [begins]), ...notices]) say(line);
  const { decoder, backend } = settings;
  const { threads, workers } = shareOfMachine(values, group.localSize);
  const compute = {
    backend,
    // one that the run had on wasm, and nobody asks for now
    turbo: backend === "wasm" || given.has("turbo") ? settings.turbo : null,
    threads,
  };
  const { label: backendLabel, turbo } = await startBackend(compute);
  // a run that goes on takes what ran, not what would run now
  const chosen = { ...settings, turbo };
  if (stored?.settings && settings.turbo !== turbo && stored.settings.turbo !== turbo)
    say(otherBits("turbo", stored.settings.turbo, turbo));
  const interruption = interruptions((name) => {
    say(`${name}: saving at the end of this step, then leaving; once more leaves at once`);
  });
  try {
    const result = await train({
      recipe,
      plan: fresh.plan,
      data,
      ...(settings.valFraction === null ? {} : { valFraction: settings.valFraction }),
      onBadPicture: settings.onBadPicture,
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
      saveEvery: settings.saveEvery,
      allowOtherClasses: values.allowOtherClasses,
      allowChangedData: values.allowChangedData,
      ...(values.maxSteps === undefined ? {} : { maxSteps: values.maxSteps }),
      ...(resume === undefined ? {} : { resume }),
      ...(init === undefined ? {} : { init }),
      loggers: [
        new ConsoleLogger(terminal, { showPath: shownPath }),
        new JsonlLogger(),
        new RunFileLogger(out, chosen),
        new RecipeFileLogger({
          run: { ...chosen, ...(init !== undefined && { init: namedInit(values.init!) }) },
          command: commandLine(),
        }),
        new MachineLogger(),
        ...(values.tensorboard || existsSync(join(out, TENSORBOARD_FOLDER)) ? [new TensorBoardLogger()] : []),
      ],
      signal: interruption.signal,
      backendLabel,
      async onDeviceLost() {
        await getBackend().dispose?.();
        await startBackend(compute);
      },
    });
    await group.close();
    const { stopCode, ...outcome } = result;
    if (group.rank !== 0) return { json: null, exitCode: stopCode };
    const isWanted = !values.noReport && result.stopped !== "signal";
    const by = { certificate: result.certificate, workers, decoder: decoder ?? undefined };
    const report = isWanted ? await reportAtEnd(out, by, terminal) : null;
    for (const line of closing(result, { data, valFraction: settings.valFraction, isDemo, out, command: context }))
      terminal.print(line);
    const certificate = result.certificate && certificateJson(result.certificate);
    return { json: { model: recipe.model, data, out, ...outcome, certificate, report }, exitCode: stopCode };
  } finally {
    interruption.stop();
  }
}

/** The line of a run that goes on; of one that left nothing to go on with, that which begins it again. */
function asBegun(typed: TrainingValues, given: ReadonlySet<string>) {
  const begins = beginAgain(typed);
  if (!begins) return { line: typed, onLine: given, begins: null };
  const { out, config, notice } = begins;
  const onLine = new Set([...given].filter((name) => name !== "resume"));
  return { line: { ...typed, resume: undefined, out, config }, onLine, begins: notice };
}

/** The weights that a run starts from as its recipe.json names them: a file wherever it is read, else as they were asked for. */
const namedInit = (init: string): string => (existsSync(init) ? resolve(init) : init);

const silent = { print: () => {}, update: () => {}, clear: () => {} };

/** The file of --init, downloaded where it is an address or a name. */
async function firstWeights(
  { init }: Pick<TrainingValues, "init">,
  terminal: Parameters<typeof localWeights>[1],
): Promise<string | undefined> {
  return init === undefined ? undefined : localWeights(init, terminal);
}
