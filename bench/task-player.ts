/**
 * A process that measures every task of a recorded training step, on one thread, in any compiled checkout of this project:
 * node build/bench/task-player.js CHECKOUT '{"form":"train",…}' ROUNDS. It prints one JSON object. The checkout's own pool
 * is given a runProgram that runs all tasks one by one and times each; nothing else of it is touched, so commits from
 * before this program can be measured too.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { TimedCall } from "./measure/schedule.js";
import { median } from "./measure/stats.js";
import type { StepWork } from "./work/work.js";

type Run = (begin: number, end: number, ...args: readonly number[]) => void;

/** A recorded program as pools of all commits see it; how tasks are counted has changed once. */
interface Stages {
  readonly calls: readonly (Run | null)[];
  readonly argsOf: readonly Int32Array[];
  readonly stageStart: Int32Array;
  readonly stageTasks: Int32Array;
  /** Per call, or: */
  readonly tasks?: Int32Array;
  /** callWords a call, tasks at word 3. */
  readonly rows?: Int32Array;
  readonly callWords?: number;
}

interface Pool {
  runProgram(pointer: number, stages: Stages, host: (call: number) => void): void;
}

interface Kernels {
  get(kernel: { readonly key: string }): { readonly run: Run };
}

/** What an answer holds: stages of the longest program of the step, each task the median of ROUNDS. */
export interface TaskTimes {
  readonly stages: readonly (readonly TimedCall[])[];
  /** Median of the whole step, the tasks one by one, host work between programs included. */
  readonly stepMs: number;
}

const [folder = "", workText = "", rounds = "5"] = process.argv.slice(2);

/** A module of the checkout; its place has moved between commits. */
async function load<T>(...places: readonly string[]): Promise<T> {
  const found = places.map((place) => join(folder, "build", place)).find((path) => existsSync(path));
  if (!found) throw new Error(`task-player: none of ${places.join(", ")} in ${folder}/build`);
  return (await import(pathToFileURL(found).href)) as T;
}

const tasksOf = ({ tasks, rows, callWords }: Stages, call: number): number =>
  tasks ? tasks[call]! : rows![call * callWords! + 3]!;

/** A key is the kernel's name in words, then the numbers that shape its code. */
const nameOf = (key: string): string => /^[a-z]+(?:[ -][a-z]+)*(?![\w"])/i.exec(key)?.[0] ?? key;

const names = new WeakMap<Run, string>();
/** Rounds of each program, by its record's address. */
const programs = new Map<number, TimedCall[][][]>();

function timeProgram(pointer: number, stages: Stages, host: (call: number) => void): void {
  const timed: TimedCall[][] = [];
  for (let stage = 0; stage < stages.stageTasks.length; stage++) {
    const own: TimedCall[] = [];
    for (let call = stages.stageStart[stage]!; call < stages.stageStart[stage + 1]!; call++) {
      const run = stages.calls[call];
      const args = stages.argsOf[call]!;
      const taskMs: number[] = [];
      const tasks = run ? tasksOf(stages, call) : 1;
      for (let task = 0; task < tasks; task++) {
        const start = performance.now();
        if (run) run(task, task + 1, ...args);
        else host(call);
        const ms = performance.now() - start;
        taskMs.push(ms);
      }
      own.push({ name: run ? (names.get(run) ?? "unknown") : "host", onHost: !run, taskMs });
    }
    timed.push(own);
  }
  programs.set(pointer, [...(programs.get(pointer) ?? []), timed]);
}

interface Modules {
  readonly ThreadPool: { readonly prototype: Pool };
  readonly ModuleCache: { readonly prototype: Kernels };
}
const wasm = "src/backends/wasm";
const { ThreadPool } = await load<Modules>(`${wasm}/runtime/threads.js`, `${wasm}/threads.js`);
const { ModuleCache } = await load<Modules>(`${wasm}/runtime/modules.js`, `${wasm}/modules.js`);
const { setBackend } = await load<typeof import("../src/index.js")>("src/index.js");
const { prepareWork } = await load<typeof import("./work/work.js")>("bench/work/work.js", "bench/work.js");

const get = ModuleCache.prototype.get;
ModuleCache.prototype.get = function (kernel) {
  const loaded = get.call(this, kernel);
  names.set(loaded.run, nameOf(kernel.key));
  return loaded;
};
const work = JSON.parse(workText) as StepWork;
// with a second thread there is a pool, whose runProgram this thread then does alone
await setBackend("wasm", { threads: 2, turbo: work.turbo === true });
const runStep = prepareWork(work);
/** A run and a recording. */
const UNTYPICAL_STEPS = 2;
for (let step = 0; step < UNTYPICAL_STEPS; step++) runStep();
ThreadPool.prototype.runProgram = timeProgram;
const stepTimes: number[] = [];
for (let round = 0; round < Number(rounds); round++) {
  const start = performance.now();
  runStep();
  stepTimes.push(performance.now() - start);
}
/** Task by task the median of its rounds. */
const medians = (rounds: readonly TimedCall[][][]): TimedCall[][] =>
  rounds[0]!.map((stage, s) =>
    stage.map((call, c) => ({
      ...call,
      taskMs: call.taskMs.map((_, task) => median(rounds.map((round) => round[s]![c]!.taskMs[task]!))),
    })),
  );
const workOf = (stages: readonly TimedCall[][]): number =>
  stages.flat(2).reduce((total, { taskMs }) => total + taskMs.reduce((ms, task) => ms + task, 0), 0);
const longest = [...programs.values()].map(medians).sort((a, b) => workOf(b) - workOf(a))[0] ?? [];
const answer: TaskTimes = { stages: longest, stepMs: median(stepTimes) };
process.stdout.write(`${JSON.stringify(answer)}\n`, () => process.exit());
