/**
 * A step of this checkout against the same step of another commit's, two processes by turns, who begins changing from pair
 * to pair. The other commit is checked out and built beside (`git worktree add DIR REV`, then `npm ci` and
 * `npx tsc -p tsconfig.bench.json` there). Writes bench/results/step-pairs.json and .md.
 * npx tsc -p tsconfig.bench.json && node build/bench/step-pairs.js DIR [PAIRS] [--dry]
 */
import { execFileSync } from "node:child_process";
import { join, resolve } from "node:path";
import { UsageError } from "../../src/util/errors.js";
import { describeMachine, machineLine } from "../measure/machine.js";
import { Player } from "../measure/player.js";
import { median, quantile } from "../measure/stats.js";
import { repositoryRoot, resultsFolder } from "../paths.js";
import { writeIndex, writeWhole } from "../report/results.js";
import { asLines, asMarkdown, type Table } from "../report/tables.js";
import { type StepWork, workName } from "../work/work.js";

/** A run, a recording, and what V8 compiles late. */
const WARM_UP = 6;

const works: readonly StepWork[] = [
  { form: "train", model: "mobileone_s0", imageSize: 224, batch: 32, threads: 2, training: "auto" },
  { form: "train", model: "mobileone_s0", imageSize: 224, batch: 32, threads: 1, training: "auto" },
  { form: "train", model: "mobileone_s0", imageSize: 32, batch: 32, threads: 2, training: "auto" },
  { form: "deploy", model: "mobileone_s0", imageSize: 224, batch: 1, threads: 1 },
];

interface Row {
  readonly work: StepWork;
  readonly pairs: number;
  readonly otherMs: number;
  readonly ownMs: number;
  /** other / own of each pair: above 1 this checkout is faster. */
  readonly ratios: readonly number[];
}

async function compare(work: StepWork, checkouts: readonly string[], pairs: number): Promise<Row> {
  const players: Player[] = [];
  for (const checkout of checkouts) {
    const player = await Player.start(checkout, process.execPath, [
      join(checkout, "build", "bench", "step-player.js"),
      JSON.stringify(work),
    ]);
    if (typeof player === "string") throw new UsageError(`step-pairs: ${checkout}: ${player}`);
    players.push(player);
  }
  const times: [number[], number[]] = [[], []];
  for (let pair = -WARM_UP; pair < pairs; pair++)
    for (const which of pair % 2 === 0 ? [0, 1] : [1, 0]) {
      const ms = await players[which]!.step();
      if (pair >= 0) times[which]!.push(ms);
    }
  for (const player of players) player.stop();
  const ratios = times[0].map((ms, i) => ms / times[1][i]!);
  return { work, pairs, otherMs: median(times[0]), ownMs: median(times[1]), ratios };
}

const [other, count = "20"] = process.argv.slice(2).filter((word) => !word.startsWith("--"));
if (other === undefined) throw new UsageError("step-pairs: expected the folder of another checkout");
const machine = describeMachine();
const revision = execFileSync("git", ["rev-parse", "--short=10", "HEAD"], { cwd: other, encoding: "utf8" }).trim();
const rows: Row[] = [];
for (const work of works) {
  rows.push(await compare(work, [resolve(other), repositoryRoot], Number(count)));
  console.error(`${workName(work)}, ${work.threads} threads: ${median(rows.at(-1)!.ratios).toFixed(3)}`);
}

const ratio = (value: number): string => value.toFixed(3);
const table: Table = {
  head: ["step", "threads", "pairs", revision, "this", "ratio, median", "quartiles", "range"],
  rows: rows.map(({ work, pairs, otherMs, ownMs, ratios }) => [
    workName(work),
    String(work.threads),
    String(pairs),
    `${otherMs.toFixed(1)} ms`,
    `${ownMs.toFixed(1)} ms`,
    ratio(median(ratios)),
    `${ratio(quantile(ratios, 0.25))} to ${ratio(quantile(ratios, 0.75))}`,
    `${ratio(Math.min(...ratios))} to ${ratio(Math.max(...ratios))}`,
  ]),
};
console.log(asLines(table).join("\n"));
if (!process.argv.includes("--dry")) {
  writeWhole(join(resultsFolder, "step-pairs.json"), `${JSON.stringify({ machine, revision, rows }, null, 1)}\n`);
  writeWhole(
    join(resultsFolder, "step-pairs.md"),
    `# A step against that of commit ${revision}

Two processes by turns, who begins changing from pair to pair; the ratio of a pair is the other commit's time by this one's:
above 1 this one is faster. ${machineLine(machine)}.

${asMarkdown(table)}
`,
  );
  writeIndex(resultsFolder);
}
process.exit();
