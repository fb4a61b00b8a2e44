/**
 * Whole runs of S0 from JPEG files of 500×375 and from shards, training and answering, against PyTorch with data workers and against
 * another commit's checkout that is compiled already; by turns, who begins moving on from round to round.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { integer, text } from "../../src/cli/options.js";
import { UsageError } from "../../src/util/errors.js";
import { afterwards, describeMachine, machineLine } from "../measure/machine.js";
import { median } from "../measure/stats.js";
import { dryOption } from "../options.js";
import { benchFolder, builtCommandLine, expectBuilt } from "../paths.js";
import { savePage } from "../report/results.js";
import { asLines, asMarkdown, type Table } from "../report/tables.js";
import { defineStudy, type Tell } from "../study.js";
import { playEvaluation, playTraining, RUN_BATCH, type RunFigures, type RunSide, runSides } from "../work/runs.js";

/** A run, a recording, comparisons of kernels, and what V8 compiles late. */
const WARM_UP = 4;

interface Row {
  readonly form: "train" | "eval";
  readonly name: string;
  readonly rounds: readonly RunFigures[];
}

const rates = ({ rounds }: Row): number[] => rounds.map(({ imagesPerSecond }) => imagesPerSecond);

/** The first row of a form is what the others are compared with, round by round. */
function tableOf(rows: readonly Row[]): Table {
  return {
    head: ["what", "from", "images/s", "range", "CPU s an image", "this / it"],
    rows: rows.map((row) => {
      const own = rates(rows.find(({ form }) => form === row.form)!);
      const found = rates(row);
      const ratios = found.map((rate, round) => own[round]! / rate);
      return [
        ...[row.form, row.name, median(found).toFixed(1)],
        `${Math.min(...found).toFixed(1)} to ${Math.max(...found).toFixed(1)}`,
        median(row.rounds.map(({ cpuSecondsPerImage }) => cpuSecondsPerImage)).toFixed(3),
        median(ratios).toFixed(2),
      ];
    }),
  };
}

interface Amount {
  readonly steps: number;
  readonly rounds: number;
  readonly valPictures: number;
}

async function playRounds(sides: readonly RunSide[], folder: string, amount: Amount, tell: Tell): Promise<Row[]> {
  const { steps, rounds, valPictures } = amount;
  const found = new Map<string, { readonly train: RunFigures[]; readonly eval: RunFigures[] }>(
    sides.map(({ name }) => [name, { train: [], eval: [] }]),
  );
  for (let round = 0; round < rounds; round++)
    for (let turn = 0; turn < sides.length; turn++) {
      const side = sides[(round + turn) % sides.length]!;
      const out = join(folder, `${round}-${turn}`, "run");
      const places = { pictures: join(folder, "pictures"), shards: join(folder, "shards"), out };
      mkdirSync(join(out, ".."), { recursive: true });
      const trained = await playTraining(side, places, steps, WARM_UP);
      const answered = await playEvaluation(side, places, out, valPictures);
      found.get(side.name)!.train.push(trained);
      found.get(side.name)!.eval.push(answered);
      rmSync(join(out, ".."), { recursive: true });
      tell(
        `${side.name}: train ${trained.imagesPerSecond.toFixed(1)}, eval ${answered.imagesPerSecond.toFixed(1)} images/s`,
      );
    }
  return (["train", "eval"] as const).flatMap((form) =>
    sides.map(({ name }) => ({ form, name, rounds: found.get(name)![form] })),
  );
}

export const study = defineStudy({
  name: "run",
  help: "whole S0 runs from JPEG files and shards, training and eval, against PyTorch with Pillow and OpenCV, and another commit",
  options: {
    steps: integer({
      help: `steps of ${RUN_BATCH} pictures, of which the first ${WARM_UP} do not count`,
      default: 40,
      min: WARM_UP + 2,
    }),
    rounds: integer({ help: "rounds by turns", default: 3 }),
    pictures: integer({ help: "pictures to train with, and half as many to answer", default: 640, min: 2 * RUN_BATCH }),
    base: text({ help: "another commit's checkout, its command line built", placeholder: "DIR" }),
    only: text({ help: "the ways whose name holds this: folder, shards, base, PyTorch", placeholder: "TEXT" }),
    dry: dryOption,
  },
  examples: ["run", "run --only folder --dry", "run --base ../before --steps 24 --rounds 2 --dry"],
  async run({ steps, rounds, pictures, base, only = "", dry }, _, tell) {
    expectBuilt();
    if (!existsSync("/proc/self/stat")) throw new UsageError("bench: processor time is read from Linux's /proc");
    if (base !== undefined && !existsSync(join(base, "dist", "cli", "main.js")))
      throw new UsageError(`bench: no dist/cli/main.js in ${base}`, "npm ci and npm run build there");
    const machine = describeMachine();
    const folder = mkdtempSync(join(tmpdir(), "tensorone-run-"));
    try {
      const sides = runSides(base === undefined ? undefined : resolve(base)).filter(({ name }) => name.includes(only));
      if (sides.length === 0) throw new UsageError(`bench: --only ${only}, expected a part of a way's name`, "folder");
      const valPictures = Math.floor(pictures / 2);
      const made = join(folder, "pictures");
      const maker = join(benchFolder, "compare", "run_pictures.py");
      execFileSync("/usr/bin/python3", [maker, made, String(pictures), String(valPictures)]);
      execFileSync(process.execPath, [builtCommandLine, "prepare", made, join(folder, "shards")], { stdio: "ignore" });
      const rows = await playRounds(sides, folder, { steps, rounds, valPictures }, tell);
      for (const line of ["", ...asLines(tableOf(rows))]) tell(line);
      if (dry) return;
      const measured = afterwards(machine);
      const page = `# Whole runs

MobileOne-S0 at 224 px, batch ${RUN_BATCH}, from JPEG files of 500×375 (about 100 KB, 4:2:0) to weights, and from files to answers. Training:
images a second and processor seconds an image of steps ${WARM_UP + 1} to ${steps}, between what the run's log and Linux's /proc say; eval: the whole
command on ${valPictures} pictures, its start included. Command lines run with their defaults${base === undefined ? "" : "; base is another commit's"}, PyTorch with ${availableParallelism()}
data workers and as many threads, decoding by Pillow, or by OpenCV as mmpretrain does. ${rounds} rounds, each side a process by turns: median, range,
and the median of the first row's rate by the row's own, round by round. ${machineLine(measured)}.

${asMarkdown(tableOf(rows))}
`;
      savePage(study.name, { machine: measured, steps, pictures, rows }, page);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
});
