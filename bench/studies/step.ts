/** Whole training steps and deploy inference of MobileOne-S0. */
import { flag } from "../../src/cli/options.js";
import type { TrainingChoice } from "../../src/models/training-choice.js";
import { describeMachine, machineLine } from "../measure/machine.js";
import {
  againstFileOption,
  batchOption,
  imageSizeOption,
  jsonOption,
  quickOption,
  saveOption,
  threadsOption,
  trainingOption,
} from "../options.js";
import { finish, readAgainst } from "../report/finish.js";
import { asLines, profileTable, stepTable } from "../report/tables.js";
import { defineStudy, type Tell } from "../study.js";
import { defaultWorks, measureSteps, type StepRow } from "../work/steps.js";

export interface StepOptions {
  readonly threads: readonly number[] | undefined;
  readonly imageSize: number | undefined;
  readonly batch: number | undefined;
  readonly training: TrainingChoice;
  readonly quick: boolean;
  readonly profile: boolean;
}

const QUICK_ROUNDS = 2;

export async function runSteps(options: StepOptions, tell: Tell): Promise<StepRow[]> {
  const { imageSize, batch, training, quick, profile } = options;
  const isChosen = imageSize !== undefined || batch !== undefined;
  const rows: StepRow[] = [];
  for (const { work, rounds } of defaultWorks) {
    // a size of one's own is that of the largest training step
    if (isChosen && (work.form !== "train" || work.imageSize !== 224)) continue;
    const sized = { ...work, imageSize: imageSize ?? work.imageSize, batch: batch ?? work.batch };
    const counted = quick ? Math.min(QUICK_ROUNDS, rounds.counted) : rounds.counted;
    const found = await measureSteps(work.form === "train" ? { ...sized, training } : sized, {
      threads: options.threads ?? [1, 2],
      rounds: { ...rounds, counted },
      isProfiled: profile,
    });
    if (profile)
      for (const row of found)
        for (const line of ["", `${row.name}, ${row.threads} threads`, ...asLines(profileTable(row))]) tell(line);
    rows.push(...found);
  }
  for (const line of ["", ...asLines(stepTable(rows))]) tell(line);
  return rows;
}

export const study = defineStudy({
  name: "step",
  help: "whole training steps and deploy inference of MobileOne-S0: images/s, memory, 1 and 2 threads by turns",
  options: {
    threads: threadsOption("1,2, by turns"),
    imageSize: imageSizeOption,
    batch: batchOption,
    training: trainingOption,
    profile: flag({ help: "op by op, time in kernels and in JavaScript" }),
    quick: quickOption,
    against: againstFileOption,
    save: saveOption,
    json: jsonOption,
  },
  examples: [
    "step",
    "step --profile --image-size 224 --threads 2",
    "step --training plain --against bench/results/step.json",
  ],
  async run(values, _, tell) {
    const before = readAgainst(values.against);
    const machine = describeMachine();
    tell(machineLine(machine));
    finish("step", machine, { steps: await runSteps(values, tell) }, before, values, tell);
  },
});
