/** How a measurement of kernels or steps ends: ratios to an earlier file, a file of its own, one JSON object. */
import { afterwards, type Machine, machineLine } from "../measure/machine.js";
import { resultsFolder } from "../paths.js";
import type { Tell } from "../study.js";
import type { KernelResults } from "../work/measure-kernels.js";
import type { StepRow } from "../work/steps.js";
import { makeResults, type Results, readResults, saveResults } from "./results.js";
import { asLines, comparisonTable } from "./tables.js";

export interface Ending {
  readonly json: boolean;
  /** Name to save under. */
  readonly save: string | undefined;
}

/** The results of an earlier file, read before anything is measured; null where none is named. */
export const readAgainst = (file: string | undefined): Results | null =>
  file === undefined ? null : readResults(file);

/** `machine` as it was when the measurement began. */
export function finish(
  title: string,
  machine: Machine,
  { peaks = [], kernels = [], steps = [] }: Partial<KernelResults> & { readonly steps?: readonly StepRow[] },
  before: Results | null,
  { json, save }: Ending,
  tell: Tell,
): void {
  if (before) {
    const table = comparisonTable([...kernels, ...steps], [...before.kernels, ...before.steps]);
    for (const line of ["", `against ${machineLine(before.machine)}`, ...asLines(table)]) tell(line);
  }
  const results = makeResults({ title: save ?? title, machine: afterwards(machine), peaks, kernels, steps });
  if (save !== undefined) tell(`\nsaved ${saveResults(resultsFolder, save, results)}`);
  if (json) process.stdout.write(`${JSON.stringify(results)}\n`);
}
