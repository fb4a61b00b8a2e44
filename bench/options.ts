/** The command line of the benchmarks: the table and the parser of `tensorone bench`. */
import { type BenchBackend, bench, type benchParts, expectFittingBatches } from "../src/cli/commands/bench.js";
import { parse } from "../src/cli/parse.js";
import type { TrainingChoice } from "../src/models/mobileone/training-form.js";

export type Part = (typeof benchParts)[number];

export interface BenchOptions {
  readonly backend: BenchBackend;
  /** What to measure. */
  readonly parts: readonly Part[];
  readonly filter: string;
  /** For the kernels; steps take each number given, by default 1 and 2. */
  readonly threads: readonly number[];
  readonly isQuick: boolean;
  readonly isJson: boolean;
  readonly isProfiled: boolean;
  readonly wantsCoverage: boolean;
  /** A result file to compare with. */
  readonly against: string | undefined;
  /** Name to save under. */
  readonly save: string | undefined;
  readonly imageSize: number | undefined;
  readonly batch: number | undefined;
  /** Of steps on the gpu backend, one after the other; none where it chooses. */
  readonly batches: readonly number[];
  readonly training: TrainingChoice;
}

/** Throws UsageError for what is not in the table. */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values, words } = parse(bench, args);
  const { backend, batch: batches, imageSize, training, against, save } = values;
  expectFittingBatches(values);
  return {
    ...{ backend, batches, imageSize, training, against, save },
    parts: words.length > 0 ? (words as readonly Part[]) : ["kernels", "step"],
    filter: values.filter ?? "",
    threads: values.threads,
    isQuick: values.quick,
    isJson: values.json,
    isProfiled: values.profile,
    wantsCoverage: values.coverage,
    batch: batches[0],
  };
}
