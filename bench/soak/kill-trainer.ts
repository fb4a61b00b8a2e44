/**
 * Training runs killed by SIGKILL at any moment, with a checkpoint every three steps, by one to four processes; each goes on with
 * another number of them, and is killed again perhaps. What it leaves at its end are the bits of a run that nothing happened to.
 */
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, watch } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../paths.js";
import type { Tell } from "../study.js";
import { type Campaign, type SoakContext, Tally } from "./campaign.js";
import { Draw } from "./mutants/mutators.js";
import { descendants, type Ended, isAlive, type Started, start, stepsDone, until } from "./processes.js";

/** What the issue asks for (docs/faults.md, "Campaigns"). */
const TRIALS = 200;
/** Each is ten seconds of computing: more would make the slow suite wait. */
const SHORT_TRIALS = 3;
const PROCESSES = 4;
/** Of 64 pictures: 8 steps of 4 replicas of 2, so that a third checkpoint of an epoch falls to its end, or to none. */
const PICTURES_OF_CLASS = 32;
const EPOCHS = 3;
const STEPS = 24;
/** Validations are lines of the log as well. */
const LINES = STEPS + EPOCHS;
const SAVE_EVERY = 3;
/** A process that does not end, or a step that does not come, is a failure after this. */
const MOST_MS = 240_000;
/** Of kills: some right when a file is being written. */
const AT_WRITES = 0.3;
/** A run that was killed and goes on is killed again so often. */
const AGAIN = 0.5;
/** Of a run of several processes. */
const victims = ["launcher", "all", "rank 0", "another rank"] as const;
/** What depends on the clock. */
const timings = new Set([
  "imagesPerSecond",
  "dataWait",
  "stepMs",
  "exchangeMs",
  "fastestRankMs",
  "slowestRankMs",
  "slowestRank",
]);

export interface KillTrainerOptions {
  readonly trials: number;
  readonly seed: number;
  /** From one to so many. */
  readonly processes: number;
  /** Of its own; is left empty. */
  readonly folder: string;
  readonly log: Tell;
  /** performance.now() after which no run is begun. */
  readonly deadline?: number;
}

export interface KillTrainerCounts {
  /** Kills, each followed by a resume. */
  readonly kills: number;
  readonly failures: readonly string[];
  /** Among them: while a file was being written, before the first checkpoint, in a validation. */
  readonly atWrites: number;
  readonly beforeFirst: number;
  readonly inValidation: number;
  /** By processes of the run that was killed. */
  readonly byProcesses: readonly number[];
}

/** Two classes of the bundled set. */
function makePictures(folder: string): void {
  const demo = join(repositoryRoot, "demo", "fashion-mnist");
  for (const split of ["train", "val"])
    for (const name of ["01_trouser", "08_bag"]) {
      const own = join(folder, split, name);
      mkdirSync(own, { recursive: true });
      const files = readdirSync(join(demo, split, name))
        .sort()
        .slice(0, PICTURES_OF_CLASS);
      for (const file of files) copyFileSync(join(demo, split, name, file), join(own, file));
    }
}

const training = (out: string, data: string): string[] => [
  ...["train", "--model", "mobileone_tiny", "--data", data, "--out", out, "--epochs", String(EPOCHS)],
  ...["--replicas", "4", "--batch-size", "2", "--image-size", "32", "--lr", "0.001", "--mixup", "0.2"],
  ...["--balanced-sampling", "--save-best", "loss", "--patience", "50", "--save-every", String(SAVE_EVERY)],
];

/** What goes on with a run; one that was killed before its first step does not say what it was. */
const goOn = (out: string, data: string): string[] =>
  existsSync(join(out, "recipe.json")) ? ["train", "--resume", out] : training(out, data);

const sharing = (processes: number, workers: number): string[] => [
  ...(processes > 1 ? ["--nproc", String(processes)] : []),
  ...["--threads", "1", "--workers", String(workers), "--no-report"],
];

/** Every file of a finished run that has to be the same, and the figures of its log. */
function resultOf(out: string): Map<string, string> {
  const hashOf = (bytes: string | Buffer) => createHash("sha256").update(bytes).digest("hex").slice(0, 16);
  const found = new Map<string, string>();
  const models = ["model", "model-deploy", "best", "best-deploy"].map((name) => `${name}.safetensors`);
  const checkpoints = readdirSync(join(out, "checkpoints")).map((name) => join("checkpoints", name));
  for (const name of [...models, ...checkpoints.sort()])
    found.set(name, existsSync(join(out, name)) ? hashOf(readFileSync(join(out, name))) : "is missing");
  const rows = readFileSync(join(out, "log.jsonl"), "utf8").trim().split("\n");
  const figures = rows.map((row) =>
    JSON.stringify(JSON.parse(row), (key, value) => (timings.has(key) ? undefined : value)),
  );
  found.set("log.jsonl", hashOf(figures.join("\n")));
  return found;
}

/** The first that differs; null where all are the same. */
function firstDifference(one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): string | null {
  const names = [...new Set([...one.keys(), ...other.keys()])];
  return names.find((name) => one.get(name) !== other.get(name)) ?? null;
}

interface Kill {
  readonly processes: number;
  readonly victim: (typeof victims)[number];
  /** Log lines after which it strikes, and the share of a step. */
  readonly line: number;
  readonly share: number;
  readonly isAtWrite: boolean;
}

/** Resolves when a temporary file appears below the checkpoints. */
function nextWrite(out: string, isOver: () => boolean): Promise<void> {
  const folder = join(out, "checkpoints");
  return new Promise((resolve) => {
    const watching = watch(existsSync(folder) ? folder : out, (_, name) => {
      if (!name?.endsWith(".tmp")) return;
      close();
    });
    const timer = setInterval(() => isOver() && close(), 50);
    const close = () => {
      clearInterval(timer);
      watching.close();
      resolve();
    };
  });
}

/** Waits for the moment, kills, and waits until nobody is left; how many log lines there were, null where the run was over first. */
async function strike(run: Started, out: string, kill: Kill): Promise<number | null> {
  const pid = run.child.pid!;
  const from = stepsDone(out);
  const begun = performance.now();
  const target = Math.min(LINES - 1, from + kill.line);
  await until(() => stepsDone(out) >= target || !isAlive(pid), MOST_MS);
  const pace = (performance.now() - begun) / Math.max(1, target - from);
  if (kill.isAtWrite && existsSync(out)) await nextWrite(out, () => !isAlive(pid));
  else await new Promise((resolve) => setTimeout(resolve, kill.share * Math.min(pace, 1000)));
  const ranks = descendants(pid);
  const chosen = {
    launcher: [pid],
    all: [pid, ...ranks],
    "rank 0": ranks.slice(0, 1),
    "another rank": ranks.slice(1, 2),
  };
  const hit = kill.processes === 1 ? [pid] : chosen[kill.victim];
  const living = (hit.length > 0 ? hit : [pid]).filter(isAlive);
  for (const one of living)
    try {
      process.kill(one, "SIGKILL");
    } catch {
      // it has just ended
    }
  await run.ended;
  await until(() => !ranks.some(isAlive), MOST_MS);
  return living.length > 0 ? stepsDone(out) : null;
}

const lastLine = ({ stderr }: Ended): string => stderr.trim().split("\n").slice(-2).join(" ");

/** Why an end is not as it has to be; null where it is. */
function problemOf(ended: Ended, out: string, wanted: ReadonlyMap<string, string>): string | null {
  if (ended.code !== 0) return `exit code ${ended.code ?? ended.signal}: ${lastLine(ended)}`;
  if (/trying the one before|passed over/.test(ended.stdout)) return "a checkpoint was damaged by a kill";
  const other = firstDifference(wanted, resultOf(out));
  return other === null ? null : `${other} has other bits than undisturbed`;
}

/** Kills `trials` runs and resumes them. */
export async function killTrainer(options: KillTrainerOptions): Promise<KillTrainerCounts> {
  const { trials, seed, processes, folder, log, deadline = Number.POSITIVE_INFINITY } = options;
  const draw = new Draw(seed);
  const pictures = join(folder, "pictures");
  makePictures(pictures);
  const undisturbed = join(folder, "undisturbed");
  const first = await start([...training(undisturbed, pictures), ...sharing(1, 0)]).ended;
  if (first.code !== 0) throw new Error(`the undisturbed run ended with ${first.code}: ${lastLine(first)}`);
  const wanted = resultOf(undisturbed);
  const failures: string[] = [];
  const byProcesses = Array.from({ length: processes }, () => 0);
  let [kills, atWrites, beforeFirst, inValidation] = [0, 0, 0, 0];
  for (let chain = 0; kills < trials && performance.now() < deadline; chain++) {
    const out = join(folder, String(chain));
    const struck: string[] = [];
    for (;;) {
      const kill: Kill = {
        processes: 1 + draw.below(processes),
        victim: draw.pick(victims),
        // of a run that goes on, within what is left
        line: draw.below(Math.max(1, LINES - (existsSync(out) ? stepsDone(out) : 0))),
        share: draw.below(1000) / 1000,
        isAtWrite: draw.below(1000) / 1000 < AT_WRITES,
      };
      const run = start([...goOn(out, pictures), ...sharing(kill.processes, draw.below(2))]);
      const at = await strike(run, out, kill);
      // a run that ended first is struck by nothing: its end is judged as that of any
      if (at === null) break;
      kills++;
      byProcesses[kill.processes - 1]!++;
      if (kill.isAtWrite) atWrites++;
      if (at < SAVE_EVERY) beforeFirst++;
      if (at % (STEPS / EPOCHS + 1) === STEPS / EPOCHS) inValidation++;
      struck.push(
        `${kill.processes}p ${kill.processes > 1 ? `${kill.victim} ` : ""}at line ${at}${kill.isAtWrite ? " in a write" : ""}`,
      );
      if (kills >= trials || draw.below(1000) / 1000 >= AGAIN) break;
    }
    const ended = await start([...goOn(out, pictures), ...sharing(1 + draw.below(processes), draw.below(2))]).ended;
    const problem = problemOf(ended, out, wanted);
    if (problem !== null) failures.push(`seed ${seed}, run ${chain} (${struck.join("; ")}): ${problem}`);
    log(`  ${kills} of ${trials}: ${struck.join("; ") || "not struck"}: ${problem ?? "same bits"}`);
    rmSync(out, { recursive: true, force: true });
  }
  return { kills, failures, atWrites, beforeFirst, inValidation, byProcesses };
}

export const campaign: Campaign = {
  help: "training runs killed at any moment, in writes too, and resumed with other numbers of processes: the undisturbed bits",
  share: 6,
  async run({ seed, deadline, isShort, folder, tell }: SoakContext) {
    const tally = new Tally();
    const counts = await killTrainer({
      ...{ trials: isShort ? SHORT_TRIALS : TRIALS, seed, processes: PROCESSES, folder, log: tell },
      ...(isShort ? {} : { deadline }),
    });
    const { kills, failures, atWrites, beforeFirst, inValidation, byProcesses } = counts;
    const note = `${byProcesses.join(", ")} of runs of 1 to ${PROCESSES} processes; ${atWrites} while a file was written, ${beforeFirst} before the first checkpoint, ${inValidation} in a validation`;
    tally.counts.push({ what: "SIGKILL and --resume", trials: kills, failures: failures.length, note });
    tally.failures.push(...failures);
    return tally.result();
  },
};
