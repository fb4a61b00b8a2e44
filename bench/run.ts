/**
 * The benchmarks' door. Compiled by `tsc -p tsconfig.bench.json` into build/ and run as `node build/bench/run.js [PART…]
 * [OPTIONS]`: that is what `npm run bench -- …` does, and what the command `tensorone bench …` has to spawn (after that
 * compiler, if build/bench/run.js is missing or old). Leaves with 0, 1 (failed) or 2 (called wrongly).
 */

import type { WasmBackend } from "../src/backends/wasm/wasm-backend.js";
import { bench } from "../src/cli/commands/bench.js";
import { commandHelp } from "../src/cli/help.js";
import { printJson, report } from "../src/cli/report.js";
import { setBackend } from "../src/index.js";
import { UsageError } from "../src/util/errors.js";
import { textWidth } from "../src/util/terminal.js";
import type { Case } from "./case.js";
import { compare } from "./compare.js";
import { coverageLines, coverageOf } from "./coverage.js";
import { measureGpu } from "./gpu.js";
import { kernelCases, publishedSizes } from "./kernels/index.js";
import { afterwards, describeMachine, machineLine } from "./machine.js";
import { type BenchOptions, parseOptions } from "./options.js";
import { resultsFolder } from "./paths.js";
import { bestPeaks, measurePeaks, type Peaks } from "./peaks.js";
import { asLines, comparisonTable, kernelTable, peaksLine, perStepLine, profileTable, stepTable } from "./report.js";
import { makeResults, readResults, saveResults } from "./results.js";
import { defaultWorks, measureSteps, type StepRow } from "./step.bench.js";
import { efforts, type KernelRow, kernelRow, timeCases } from "./suite.js";

/** People read stderr under --json. */
const teller = (isJson: boolean) => (line: string) =>
  void (isJson ? process.stderr : process.stdout).write(`${line}\n`);
type Tell = ReturnType<typeof teller>;

/** What runs now, for those who watch. */
const showLive = ({ name }: Case): void => void (process.stderr.isTTY && process.stderr.write(`\r\u001b[2K${name}`));
const clearLive = (): void => void (process.stderr.isTTY && process.stderr.write("\r\u001b[2K"));

async function measureKernels(
  { filter, threads, isQuick }: BenchOptions,
  tell: Tell,
): Promise<{ readonly peaks: readonly Peaks[]; readonly kernels: readonly KernelRow[] }> {
  const cases = kernelCases(publishedSizes).filter(({ name, group }) => `${group} ${name}`.includes(filter));
  if (cases.length === 0)
    throw new UsageError(`bench: no kernel has "${filter}" in its name`, "npm run bench -- kernels lists them");
  const peaks: Peaks[] = [];
  const kernels: KernelRow[] = [];
  for (const count of threads.length > 0 ? threads : [1]) {
    const backend = (await setBackend("wasm", { threads: count })) as WasmBackend;
    const before = measurePeaks(backend);
    const timings = await timeCases(cases, isQuick ? efforts.quick : efforts.normal, showLive);
    clearLive();
    // noise only lowers a peak
    const found = bestPeaks(before, measurePeaks(backend));
    const rows = timings.map((timing) => kernelRow(timing, found));
    for (const line of ["", peaksLine(found), ...asLines(kernelTable(rows)), perStepLine(rows)]) tell(line);
    peaks.push(found);
    kernels.push(...rows);
    await backend.dispose();
  }
  return { peaks, kernels };
}

async function measureWorks(options: BenchOptions, tell: Tell): Promise<StepRow[]> {
  const { imageSize, batch, training, isQuick, isProfiled } = options;
  const threads = options.threads.length > 0 ? options.threads : [1, 2];
  const isChosen = imageSize !== undefined || batch !== undefined;
  const rows: StepRow[] = [];
  for (const { work, rounds } of defaultWorks) {
    if (isChosen && (work.form !== "train" || work.imageSize !== 224)) continue;
    const chosen = { ...work, imageSize: imageSize ?? work.imageSize, batch: batch ?? work.batch, training };
    const counted = isQuick ? Math.min(2, rounds.counted) : rounds.counted;
    const found = await measureSteps(chosen, { threads, rounds: { ...rounds, counted }, isProfiled });
    for (const row of found) {
      if (isProfiled)
        for (const line of ["", `${row.name}, ${row.threads} threads`, ...asLines(profileTable(row))]) tell(line);
    }
    rows.push(...found);
  }
  for (const line of ["", ...asLines(stepTable(rows))]) tell(line);
  return rows;
}

async function run(options: BenchOptions): Promise<void> {
  const { parts, isJson, against, save } = options;
  const tell = teller(isJson);
  if (options.backend === "gpu") return measureGpu(options, tell);
  if (options.wantsCoverage) {
    const backend = (await setBackend("wasm", { threads: 1 })) as WasmBackend;
    for (const line of coverageLines(backend)) tell(line);
    if (isJson) printJson({ coverage: coverageOf(backend) });
    return;
  }
  const before = against === undefined ? undefined : readResults(against);
  const machine = describeMachine();
  tell(machineLine(machine));
  const { peaks, kernels } = parts.includes("kernels")
    ? await measureKernels(options, tell)
    : { peaks: [], kernels: [] };
  const steps = parts.includes("step") ? await measureWorks(options, tell) : [];
  if (before) {
    const table = comparisonTable([...kernels, ...steps], [...before.kernels, ...before.steps]);
    for (const line of ["", `against ${machineLine(before.machine)}`, ...asLines(table)]) tell(line);
  }
  const results = makeResults({
    title: save ?? parts.join(" and "),
    machine: afterwards(machine),
    peaks,
    kernels,
    steps,
  });
  if (save !== undefined && kernels.length + steps.length > 0)
    tell(`\nsaved ${saveResults(resultsFolder, save, results)}`);
  const compared = parts.includes("compare") ? await compare(options, machine, tell) : null;
  if (isJson) printJson({ ...results, ...(compared && { compare: compared }) });
}

const args = process.argv.slice(2);
const isJson = args.includes("--json");
try {
  if (args.includes("--help") || args.includes("-h")) {
    const help = commandHelp(bench, textWidth(process.stdout, process.env));
    if (isJson) printJson({ help });
    else process.stdout.write(`${help}\n`);
  } else await run(parseOptions(args));
  process.exitCode = 0;
} catch (error) {
  process.exitCode = report(error, isJson);
}
await new Promise<void>((resolve) => process.stdout.write("", () => resolve()));
// worker threads may still be parked
process.exit();
