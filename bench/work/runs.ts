/**
 * Whole runs as users start them, each a process of its own: this checkout's command line and another commit's, and PyTorch with data
 * workers. What a run does per image is measured between two of its steps, from outside.
 */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { UsageError } from "../../src/util/errors.js";
import { cpuSeconds, endedSeconds } from "../measure/processes.js";
import { benchFolder, builtCommandLine } from "../paths.js";

export const RUN_BATCH = 32;
const cores = availableParallelism();
const hasTurbo = Number(process.versions.node.split(".")[0]) >= 24;
/** Between two looks at a log. */
const LOOK_MS = 20;

/** Where a run finds its pictures, and may write. */
export interface RunPlaces {
  readonly pictures: string;
  readonly shards: string;
  /** A folder that is not there yet. */
  readonly out: string;
}

/** One way to train and to answer. */
export interface RunSide {
  readonly name: string;
  /** Program and words of a run of `steps` steps. */
  train(places: RunPlaces, steps: number): readonly string[];
  /** A line of JSON for each step, kind "train". */
  log(places: RunPlaces): string;
  /** Program and words that answer every validation picture with what train() left in `trained`. */
  evaluate(places: RunPlaces, trained: string): readonly string[];
}

const commandLine = (
  main: string,
  name: string,
  source: "pictures" | "shards",
  more: readonly string[] = [],
): RunSide => ({
  name,
  train: (places, steps) => [
    ...[process.execPath, main, "train", "--model", "mobileone_s0", "--data", places[source], "--out", places.out],
    ...["--max-steps", String(steps), "--batch-size", String(RUN_BATCH), "--no-validate", ...more],
  ],
  log: ({ out }) => join(out, "log.jsonl"),
  evaluate: (places, trained) => [
    ...[process.execPath, main, "eval", "--checkpoint", join(trained, "model.safetensors"), "--data", places[source]],
    ...["--batch-size", String(RUN_BATCH), ...more.filter((word) => word === "--turbo")],
  ],
});

const pyTorch = (decode: "pil" | "opencv", name: string): RunSide => {
  const line = (form: "train" | "eval", places: RunPlaces, steps: number): readonly string[] => {
    const work = { form, data: places.pictures, decode, batch: RUN_BATCH, steps, workers: cores, threads: cores };
    const log = join(places.out, "..", `${decode}-${form}.jsonl`);
    return ["/usr/bin/python3", join(benchFolder, "compare", "run_torch.py"), JSON.stringify({ ...work, log })];
  };
  return {
    name,
    train: (places, steps) => line("train", places, steps),
    log: ({ out }) => join(out, "..", `${decode}-train.jsonl`),
    evaluate: (places) => line("eval", places, 0),
  };
};

/** Every way there is; `base` is another commit's checkout, compiled. */
export const runSides = (base: string | undefined): readonly RunSide[] => [
  commandLine(builtCommandLine, "folder", "pictures", ["--no-report"]),
  commandLine(builtCommandLine, "shards", "shards", ["--no-report"]),
  ...(base === undefined
    ? []
    : [commandLine(join(base, "dist", "cli", "main.js"), "base, folder", "pictures", hasTurbo ? ["--turbo"] : [])]),
  pyTorch("pil", "PyTorch, Pillow"),
  pyTorch("opencv", "PyTorch, OpenCV"),
];

export interface RunFigures {
  readonly imagesPerSecond: number;
  readonly cpuSecondsPerImage: number;
}

/** JSON of one program has a space after its colons. */
const stepsIn = (log: string): number =>
  existsSync(log) ? (readFileSync(log, "utf8").match(/"kind": ?"train"/g)?.length ?? 0) : 0;

/** Runs a command to its end; `watch` is called every few ms meanwhile. Throws UsageError where it fails, with what it said. */
async function play(words: readonly string[], watch: (pid: number) => void): Promise<void> {
  const [program = "", ...args] = words;
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
  const said: Buffer[] = [];
  child.stderr.on("data", (chunk: Buffer) => said.push(chunk));
  const timer = setInterval(() => child.pid !== undefined && watch(child.pid), LOOK_MS);
  const code = await new Promise<number | string | null>((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("close", resolve);
  });
  clearInterval(timer);
  if (code !== 0) throw new UsageError(`bench: ${words.join(" ")} ended with ${code}:\n${Buffer.concat(said)}`);
}

/** Of the steps after the first `warmUp`, by this process's clock and the processor time of the run's whole family. */
export async function playTraining(
  side: RunSide,
  places: RunPlaces,
  steps: number,
  warmUp: number,
): Promise<RunFigures> {
  const log = side.log(places);
  let begin: { at: number; cpu: number; steps: number } | undefined;
  let end = begin;
  await play(side.train(places, steps), (pid) => {
    const done = stepsIn(log);
    if (done < warmUp || done === end?.steps) return;
    end = { at: performance.now(), cpu: cpuSeconds(pid), steps: done };
    begin ??= end;
  });
  if (begin === undefined || end === undefined || end.steps === begin.steps)
    throw new UsageError(
      `bench: ${side.name}: no steps in ${log} after the first ${warmUp}, expected ${steps - warmUp}`,
    );
  const images = (end.steps - begin.steps) * RUN_BATCH;
  return {
    imagesPerSecond: (1000 * images) / (end.at - begin.at),
    cpuSecondsPerImage: (end.cpu - begin.cpu) / images,
  };
}

/** A whole command, its start included. */
export async function playEvaluation(
  side: RunSide,
  places: RunPlaces,
  trained: string,
  images: number,
): Promise<RunFigures> {
  const start = performance.now();
  const before = endedSeconds();
  await play(side.evaluate(places, trained), () => {});
  const seconds = (performance.now() - start) / 1000;
  return { imagesPerSecond: images / seconds, cpuSecondsPerImage: (endedSeconds() - before) / images };
}
