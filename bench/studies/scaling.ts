/** How well a training step would use many threads: measured where there are cores, predicted from measured tasks beyond. */
import { availableParallelism } from "node:os";
import { chunkOf } from "../../src/backends/wasm/runtime/stages.js";
import { integer, text } from "../../src/cli/options.js";
import { interruptions } from "../../src/cli/signals.js";
import { afterwards, describeMachine, machineLine } from "../measure/machine.js";
import { type Prediction, predict } from "../measure/schedule.js";
import { batchOption, dryOption, imageSizeOption, integers, jsonOption } from "../options.js";
import { repositoryRoot } from "../paths.js";
import { savePage } from "../report/results.js";
import { asLines, asMarkdown, type Table } from "../report/tables.js";
import { defineStudy } from "../study.js";
import { commitOf, withCheckout } from "../work/checkout.js";
import { measureSteps } from "../work/steps.js";
import { measureTasks } from "../work/task-times.js";
import type { StepWork } from "../work/work.js";

const usualModels = ["mobileone_s0", "mobileone_s3"];
const usualThreads = [2, 4, 8, 16, 32, 64];
/** Stages named per row. */
const SHOWN_LOSSES = 4;
const WARM_UP = 2;
const MEASURED_STEPS = 5;

interface Row {
  readonly model: string;
  readonly revision: string;
  readonly stages: number;
  readonly predictions: readonly Prediction[];
  /** Measured, by threads; only of this checkout and up to the cores there are. */
  readonly measured: readonly { readonly threads: number; readonly efficiency: number }[];
}

/** Efficiency of 1, 2, 4 … threads by turns, up to the cores there are. */
async function measureEfficiency(work: StepWork): Promise<Row["measured"]> {
  const cores = availableParallelism();
  const threads = [1, ...usualThreads.filter((count) => count <= cores)];
  const rows = await measureSteps(work, { threads, rounds: { warmUp: WARM_UP, counted: MEASURED_STEPS } });
  const one = rows[0]!.medianMs;
  return rows.slice(1).map((row) => ({ threads: row.threads, efficiency: one / (row.threads * row.medianMs) }));
}

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;

const efficiencyTable = (rows: readonly Row[]): Table => ({
  head: ["model", "commit", "stages", ...rows[0]!.predictions.map(({ threads }) => `${threads} threads`)],
  rows: rows.map(({ model, revision, stages, predictions, measured }) => [
    ...[model, revision, String(stages)],
    ...predictions.map(({ threads, efficiency }) => {
      const found = measured.find((one) => one.threads === threads);
      return `${percent(efficiency)}${found ? `, measured ${percent(found.efficiency)}` : ""}`;
    }),
  ]),
});

const lossTable = (rows: readonly Row[]): Table => ({
  head: ["model", "commit", "threads", "idle thread time, by the dearest kernel of the stage"],
  rows: rows.flatMap(({ model, revision, predictions }) =>
    predictions.map(({ threads, losses }) => [
      ...[model, revision, String(threads)],
      losses
        .slice(0, SHOWN_LOSSES)
        .map(({ name, share, stages }) => `${name} ${(100 * share).toFixed(1)} % (${stages} stages)`)
        .join(", "),
    ]),
  ),
});

const pageOf = (rows: readonly Row[], rounds: number, line: string): string => `# A training step on many threads

Tasks of the recorded step at 224 px, batch 32, each timed alone on one thread (median of ${rounds} rounds), then scheduled on
paper as the pool does it: free threads claim chunks in order, all wait at the end of a stage. Efficiency is the time of all
tasks ÷ (threads · predicted time). No bandwidth, no claiming, no clock that falls with busy cores: an upper bound, which
names the stages that are cut too coarsely. Noise of one task delays a whole stage, so a busy machine predicts less.
${line}.

${asMarkdown(efficiencyTable(rows))}

Where threads would wait:

${asMarkdown(lossTable(rows))}
`;

export const study = defineStudy({
  name: "scaling",
  help: "a step's efficiency on many threads: measured up to the cores there are, predicted from timed tasks beyond; REV beside",
  words: { names: ["REV"], isOptional: true },
  options: {
    model: text({ help: "one model; default: mobileone_s0 and mobileone_s3", placeholder: "NAME" }),
    threads: integers({ help: `threads to predict; default: ${usualThreads.join(",")}` }),
    rounds: integer({ help: "times that every task is measured", default: 9 }),
    imageSize: imageSizeOption,
    batch: batchOption,
    json: jsonOption,
    dry: dryOption,
  },
  examples: ["scaling --dry", "scaling ec875f1 --model mobileone_s0 --threads 16,32,64"],
  async run({ model, threads = usualThreads, rounds, imageSize = 224, batch = 32, json, dry }, [commit], tell) {
    const machine = describeMachine();
    const interruption = interruptions((name) => tell(`${name}: ends after this measurement`));
    const { signal } = interruption;
    const rows: Row[] = [];
    const measure = async (checkout: string, revision: string): Promise<void> => {
      for (const name of model ? [model] : usualModels) {
        const work: StepWork = { form: "train", model: name, imageSize, batch, threads: 1, training: "auto" };
        const { stages } = await measureTasks(checkout, work, rounds, signal);
        const isOwn = checkout === repositoryRoot;
        rows.push({
          ...{ model: name, revision, stages: stages.length },
          predictions: threads.map((count) => predict(stages, count, chunkOf)),
          measured: isOwn ? await measureEfficiency(work) : [],
        });
      }
    };
    try {
      await measure(repositoryRoot, "this one");
      if (commit) {
        const hash = commitOf(commit);
        await withCheckout(hash, signal, tell, (folder) => measure(folder, hash.slice(0, 10)));
      }
    } catch (error) {
      if (signal.aborted) return signal.reason as number;
      throw error;
    } finally {
      interruption.stop();
    }
    for (const table of [efficiencyTable(rows), lossTable(rows)]) tell(`${asLines(table).join("\n")}\n`);
    const after = afterwards(machine);
    if (json) process.stdout.write(`${JSON.stringify({ machine: after, rounds, rows })}\n`);
    if (!dry) savePage(study.name, { machine: after, rounds, rows }, pageOf(rows, rounds, machineLine(after)));
    return 0;
  },
});
