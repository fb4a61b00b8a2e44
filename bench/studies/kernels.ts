/** Each kernel on the shapes of MobileOne-S0's training step. */
import { text } from "../../src/cli/options.js";
import { UsageError } from "../../src/util/errors.js";
import { kernelCases, publishedSizes } from "../kernels/index.js";
import { describeMachine, machineLine } from "../measure/machine.js";
import { againstFileOption, jsonOption, quickOption, saveOption, threadsOption, trainingOption } from "../options.js";
import { finish, readAgainst } from "../report/finish.js";
import { asLines, kernelTable, peaksLine, perStepLine } from "../report/tables.js";
import { defineStudy, type Tell } from "../study.js";
import { type KernelResults, measureKernels } from "../work/measure-kernels.js";

export interface KernelOptions {
  readonly filter: string | undefined;
  readonly threads: readonly number[] | undefined;
  readonly quick: boolean;
  readonly training: "auto" | "folded" | "plain";
}

/** Throws UsageError where no kernel is meant. */
export function runKernels({ filter, threads, quick, training }: KernelOptions, tell: Tell): Promise<KernelResults> {
  const cases = kernelCases(publishedSizes, training).filter(({ name, group }) =>
    `${group} ${name}`.includes(filter ?? ""),
  );
  if (cases.length === 0)
    throw new UsageError(`bench: no kernel has "${filter}" in its name`, "npm run bench -- kernels lists them");
  return measureKernels(cases, { threads: threads ?? [1], isQuick: quick }, (rows, peaks) => {
    for (const line of ["", peaksLine(peaks), ...asLines(kernelTable(rows))]) tell(line);
    if (rows.some(({ perStep }) => perStep !== undefined)) tell(perStepLine(rows));
  });
}

export const study = defineStudy({
  name: "kernels",
  help: "each kernel on the shapes of MobileOne-S0: time, GFLOP/s, GB/s, share of the measured peak",
  options: {
    filter: text({ help: "only kernels whose group and name hold TEXT, such as pointwise or 48@56" }),
    threads: threadsOption("1"),
    training: trainingOption,
    quick: quickOption,
    against: againstFileOption,
    save: saveOption,
    json: jsonOption,
  },
  examples: ["kernels", "kernels --filter moments --threads 1,2", "kernels --against bench/results/kernels.json"],
  async run(values, _, tell) {
    const before = readAgainst(values.against);
    const machine = describeMachine();
    tell(machineLine(machine));
    finish("kernels", machine, await runKernels(values, tell), before, values, tell);
  },
});
