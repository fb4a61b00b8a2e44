/**
 * Training by several processes, of which one is killed or stopped for a while: a killed one ends all, who say which it was, and leaves
 * nobody behind; a stopped one that goes on leaves the bits of a run that nothing happened to.
 */
import { join } from "node:path";
import { type Campaign, isOver, type SoakContext, Tally } from "./campaign.js";
import { Draw } from "./mutants/mutators.js";
import {
  bitsOf,
  descendants,
  type Ended,
  isAlive,
  type Started,
  start,
  stepsDone,
  tinyTraining,
  until,
} from "./processes.js";

const RANKS = 3;
const STEPS = 40;
/** All have ended this long after one was killed: the launcher gives the others 5 s. */
const MOST_MS = 20_000;
/** How long a stopped process stays so. */
const STOPPED_MS = 700;
/** Moments of a hit lie within so many steps. */
const LAST_HIT_STEP = STEPS - 10;

interface Hit {
  readonly what: string;
  readonly who: "rank" | "launcher";
  readonly signal: "SIGKILL" | "SIGSTOP";
}

const hits: readonly Hit[] = [
  { what: "a rank killed by SIGKILL", who: "rank", signal: "SIGKILL" },
  { what: "a rank stopped and gone on with", who: "rank", signal: "SIGSTOP" },
  { what: "the launcher killed by SIGKILL", who: "launcher", signal: "SIGKILL" },
  { what: "the launcher stopped and gone on with", who: "launcher", signal: "SIGSTOP" },
];

const words = (out: string): string[] =>
  tinyTraining(out, STEPS, "--nproc", String(RANKS), "--replicas", String(RANKS), "--keep", "1");

/** The processes of ranks, once all are there. */
async function ranksOf({ child }: Started): Promise<number[]> {
  await until(() => descendants(child.pid!).length >= RANKS, MOST_MS);
  return descendants(child.pid!);
}

/** Why it did not end as it has to, or null. */
function wrong(
  { who, signal }: Hit,
  ended: Ended,
  left: readonly number[],
  bits: string,
  wanted: string,
): string | null {
  if (left.length > 0) return `${left.length} processes were left`;
  if (/^\s+at .*:\d+/m.test(ended.stderr)) return "a stack";
  if (signal === "SIGSTOP") return bits === wanted ? null : `exit code ${ended.code}, other bits than undisturbed`;
  if (who === "launcher") return ended.signal === "SIGKILL" ? null : `the launcher ended with ${ended.code}`;
  if (ended.code === 0) return "exit code 0";
  return /rank \d+/.test(ended.stderr) ? null : "no rank is named";
}

async function tryOne(hit: Hit, draw: Draw, out: string, wanted: string): Promise<string | null> {
  const started = start(words(out));
  const ranks = await ranksOf(started);
  const at = 1 + draw.below(LAST_HIT_STEP);
  await until(() => stepsDone(out) >= at || !isAlive(started.child.pid!), MOST_MS);
  const pid = hit.who === "launcher" ? started.child.pid! : draw.pick(ranks);
  if (pid === undefined || !isAlive(pid)) {
    started.child.kill("SIGKILL");
    return `it was over before it was hit: ${started.output().trim().split("\n").at(-1)}`;
  }
  process.kill(pid, hit.signal);
  if (hit.signal === "SIGSTOP") {
    await new Promise((resolve) => setTimeout(resolve, STOPPED_MS));
    process.kill(pid, "SIGCONT");
  }
  const late = setTimeout(() => started.child.kill("SIGKILL"), 3 * MOST_MS);
  const ended = await started.ended;
  clearTimeout(late);
  await until(() => !ranks.some(isAlive), MOST_MS);
  const left = ranks.filter(isAlive);
  for (const one of left) process.kill(one, "SIGKILL");
  const problem = wrong(hit, ended, left, bitsOf(out), wanted);
  return problem && `${problem}, hit at step ${at}`;
}

export const campaign: Campaign = {
  help: "ranks and launchers killed, or stopped for a while, at moments drawn by the seed",
  share: 3,
  async run(context: SoakContext) {
    const tally = new Tally();
    const draw = new Draw(context.seed);
    const undisturbed = join(context.folder, "undisturbed");
    // a stop costs two whole runs
    const tried = hits.filter(({ signal }) => !context.isShort || signal === "SIGKILL");
    if (!context.isShort) await start(words(undisturbed)).ended;
    const wanted = bitsOf(undisturbed);
    const counts = tried.map(({ what }) => ({ what, trials: 0, failures: 0 }));
    for (let trial = 0; trial < (context.isShort ? 1 : Number.POSITIVE_INFINITY) && !isOver(context); trial++)
      for (const [i, hit] of tried.entries()) {
        const problem = await tryOne(hit, draw, join(context.folder, `${trial}-${i}`), wanted);
        counts[i]!.trials++;
        if (problem === null) continue;
        counts[i]!.failures++;
        tally.failures.push(`${hit.what}: ${problem}`);
      }
    tally.counts.push(...counts);
    return tally.result();
  },
};
