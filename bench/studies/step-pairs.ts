/**
 * The page of this checkout's steps against those of another one that is already compiled beside it
 * (`git worktree add DIR REV`, then `npm ci` and `npx tsc -p tsconfig.bench.json` there).
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { integer } from "../../src/cli/options.js";
import { UsageError } from "../../src/util/errors.js";
import { afterwards, describeMachine, machineLine } from "../measure/machine.js";
import { dryOption } from "../options.js";
import { repositoryRoot } from "../paths.js";
import { savePage } from "../report/results.js";
import { asLines, asMarkdown } from "../report/tables.js";
import { defineStudy } from "../study.js";
import { type PairRow, pairsTable, playPairs } from "../work/pairs.js";
import type { StepWork } from "../work/work.js";

const works: readonly StepWork[] = [
  { form: "train", model: "mobileone_s0", imageSize: 224, batch: 32, threads: 2, training: "auto" },
  { form: "train", model: "mobileone_s0", imageSize: 224, batch: 32, threads: 1, training: "auto" },
  { form: "train", model: "mobileone_s0", imageSize: 32, batch: 32, threads: 2, training: "auto" },
  { form: "deploy", model: "mobileone_s0", imageSize: 224, batch: 1, threads: 1 },
];

export const study = defineStudy({
  name: "step-pairs",
  help: "a page of steps by turns with the compiled checkout in DIR; against builds one itself",
  words: { names: ["DIR"] },
  options: { pairs: integer({ help: "pairs that count, of each work", default: 20 }), dry: dryOption },
  examples: ["step-pairs ../before --pairs 31"],
  async run({ pairs, dry }, [folder = ""], tell) {
    const other = resolve(folder);
    if (!existsSync(join(other, "build", "bench", "step-player.js")))
      throw new UsageError(`bench: no compiled benchmarks in ${folder}`, "npx tsc -p tsconfig.bench.json there");
    const machine = describeMachine();
    const revision = execFileSync("git", ["rev-parse", "--short=10", "HEAD"], { cwd: other, encoding: "utf8" }).trim();
    const rows: PairRow[] = [];
    for (const work of works) {
      rows.push(await playPairs(work, { own: repositoryRoot, other }, pairs));
      tell(asLines(pairsTable(rows, revision)).at(-1)!);
    }
    const table = pairsTable(rows, revision);
    for (const line of ["", ...asLines(table)]) tell(line);
    if (dry) return;
    const measured = afterwards(machine);
    const page = `# A step against that of commit ${revision}

Two processes by turns, who begins changing from pair to pair; the ratio of a pair is the other commit's time by this one's:
above 1 this one is faster. ${machineLine(measured)}.

${asMarkdown(table)}
`;
    savePage(study.name, { machine: measured, revision, rows }, page);
  },
});
