/**
 * Result files: bench/results/NAME.json, one object each, and README.md, which shows them all as tables. Written whole or
 * not at all.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../../src/util/errors.js";
import { type Machine, machineLine } from "../measure/machine.js";
import type { Peaks } from "../measure/peaks.js";
import type { KernelRow } from "../measure/suite.js";
import { resultsFolder } from "../paths.js";
import type { StepRow } from "../work/steps.js";
import { asMarkdown, kernelTable, peaksLine, stepTable, type Table } from "./tables.js";

/** Raised when a reader of old files would misunderstand new ones. */
const SCHEMA = 1;

export interface Results {
  readonly schema: typeof SCHEMA;
  readonly title: string;
  readonly machine: Machine;
  /** Of every number of threads that kernels ran on. */
  readonly peaks: readonly Peaks[];
  readonly kernels: readonly KernelRow[];
  readonly steps: readonly StepRow[];
}

export const makeResults = (results: Omit<Results, "schema">): Results => ({ schema: SCHEMA, ...results });

/** Reads a result file. Throws UsageError where it is missing or of another kind. */
export function readResults(path: string): Results {
  let found: Partial<Results>;
  try {
    found = JSON.parse(readFileSync(path, "utf8")) as Partial<Results>;
  } catch (error) {
    throw new UsageError(
      `bench: ${path} cannot be read as results: ${error instanceof Error ? error.message : error}`,
      "npm run bench -- --save NAME writes bench/results/NAME.json",
    );
  }
  if (found.schema !== SCHEMA || !Array.isArray(found.kernels) || !Array.isArray(found.steps))
    throw new UsageError(
      `bench: ${path} has schema ${found.schema}, expected ${SCHEMA} with kernels and steps`,
      "measure it again with this version",
    );
  return found as Results;
}

export function writeWhole(path: string, text: string): void {
  const fresh = `${path}.new`;
  writeFileSync(fresh, text, { flush: true });
  renameSync(fresh, path);
}

/** Rows of an earlier run's file for seeds that are not measured now; none where there is no file. */
export function earlierRows<R extends { readonly seed: number }>(path: string, seeds: readonly number[]): R[] {
  if (!existsSync(path)) return [];
  const { rows } = JSON.parse(readFileSync(path, "utf8")) as { rows: readonly R[] };
  return rows.filter(({ seed }) => !seeds.includes(seed));
}

/** Saves results under a name and renews the page that shows all of them. */
export function saveResults(folder: string, name: string, results: Results): string {
  if (!/^[\w.-]+$/.test(name)) throw new UsageError(`bench: --save ${name}, expected letters, digits, ".", "_" or "-"`);
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}.json`);
  writeWhole(path, `${JSON.stringify(results, rounded, 1)}\n`);
  writeIndex(folder);
  return path;
}

/** Writes bench/results/NAME.json and its page beside it. */
export function writePage(name: string, data: object, page: string): string {
  const path = join(resultsFolder, `${name}.json`);
  writeWhole(path, `${JSON.stringify(data, rounded, 1)}\n`);
  writeWhole(path.replace(/json$/, "md"), page);
  return path;
}

/** The same, and renews the list of pages. */
export function savePage(name: string, data: object, page: string): string {
  const path = writePage(name, data, page);
  writeIndex(resultsFolder);
  return path;
}

/** Five figures say all that a timing can. */
export const rounded = (_: string, value: unknown): unknown =>
  typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value;

function section(file: string, { title, machine, peaks, kernels, steps }: Results): string {
  const tables: Table[] = [];
  if (kernels.length > 0) tables.push(kernelTable(kernels));
  if (steps.length > 0) tables.push(stepTable(steps));
  return [
    `## ${title}`,
    `${machineLine(machine)}. [${file}](${file})`,
    ...peaks.map(peaksLine),
    ...tables.map(asMarkdown),
  ].join("\n\n");
}

const INTRODUCTION = `# Measured results

Written by \`npm run bench -- kernels --save NAME\`, or \`step\`, and by the studies whose pages are listed (\`npm run bench -- --list\`);
a figure without a row here is no claim. Rates are those of the median. "Of peak" is the least time this machine needs for the
flops or bytes of a row, by the peaks measured in the same run, as a share of the fastest sample: peaks are the fastest too, and
those of float32, of which float64 (folds) can reach half. "Spread" is half the distance between the quartiles: where it is
large, other jobs had the cores (the load says how many wanted them), and the fastest sample says more than the median.`;

/** Rewrites README.md from all result files and the pages that other measurements left beside them. */
export function writeIndex(folder: string): void {
  const files = readdirSync(folder).sort();
  const sections = files
    .filter((file) => file.endsWith(".json") && !files.includes(file.replace(/json$/, "md")))
    .map((file) => section(file, readResults(join(folder, file))));
  const pages = files
    .filter((file) => file.endsWith(".md") && file !== "README.md")
    .map((file) => `- [${file}](${file})`);
  const more = pages.length > 0 ? [`More: \n\n${pages.join("\n")}`] : [];
  writeWhole(join(folder, "README.md"), `${[INTRODUCTION, ...more, ...sections].join("\n\n")}\n`);
}
