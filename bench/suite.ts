/**
 * Runs cases with the package `benchmark`: it finds out how often to call a body per sample and takes samples until the
 * time is spent. Operands of one case live while that case runs and no longer.
 */
import Benchmark from "benchmark";
import type { Case, Prepared } from "./case.js";
import { floorOf, type Peaks } from "./peaks.js";
import { median, spread } from "./stats.js";

export interface KernelRow {
  readonly group: string;
  readonly name: string;
  readonly threads: number;
  readonly medianMs: number;
  /** The fastest sample: on a machine with other jobs, what the kernel can do. */
  readonly bestMs: number;
  /** Between the quartiles, as a share of the median. */
  readonly spread: number;
  readonly samples: number;
  readonly gflops?: number;
  readonly gbps?: number;
  readonly imagesPerSecond?: number;
  /** The least time the machine needs, as a share of the time taken: 1 is perfect. */
  readonly shareOfPeak?: number;
  /** What bounds that least time: FMA, or a level of memory. */
  readonly bound?: string;
  /** How often a training step of S0 does this. */
  readonly perStep?: number;
}

export interface Effort {
  /** Spent on each case, at most about. */
  readonly caseMs: number;
  readonly minSamples: number;
  /** Of one sample; the clock and its calls must not show. */
  readonly sampleMs: number;
}

export const efforts = {
  normal: { caseMs: 400, minSamples: 7, sampleMs: 10 },
  quick: { caseMs: 60, minSamples: 3, sampleMs: 2 },
} as const satisfies { readonly [name: string]: Effort };

/** V8 swaps optimised code in after 1 to 12 ms of calls. */
const WARM_UP_MS = 30;

function warmUp({ run }: Prepared): void {
  const end = performance.now() + WARM_UP_MS;
  do run();
  while (performance.now() < end);
}

/** Seconds per call of `run`, one number per sample. Throws what `run` throws. */
async function sample(name: string, run: () => void, { caseMs, minSamples, sampleMs }: Effort): Promise<number[]> {
  const suite = new Benchmark.Suite();
  const options = { minSamples, maxTime: caseMs / 1000, minTime: sampleMs / 1000 };
  let failure: unknown;
  let seconds: number[] = [];
  suite.add(name, run, {
    ...options,
    onError: ({ target }: Benchmark.Event) => {
      failure = (target as unknown as Benchmark).error;
    },
    onComplete: ({ target }: Benchmark.Event) => {
      seconds = target.stats!.sample as number[];
    },
  });
  await new Promise((resolve) => suite.on("complete", resolve).run({ async: true }));
  if (failure) throw failure;
  return seconds;
}

function rate(one: Case, threads: number, seconds: readonly number[], peaks: Peaks): KernelRow {
  const { group, name, work, perStep } = one;
  const medianMs = 1000 * median(seconds);
  const bestMs = 1000 * Math.min(...seconds);
  const floor = floorOf(work, peaks);
  return {
    ...{ group, name, threads, medianMs, bestMs, spread: spread(seconds), samples: seconds.length },
    ...(work.flops !== undefined && { gflops: work.flops / medianMs / 1e6 }),
    ...(work.bytes !== undefined && { gbps: work.bytes / medianMs / 1e6 }),
    ...(work.images !== undefined && { imagesPerSecond: (1000 * work.images) / medianMs }),
    ...(floor && { shareOfPeak: floor.ms / medianMs, bound: floor.bound }),
    ...(perStep !== undefined && { perStep }),
  };
}

/** Times the cases one after the other; `onRow` hears each result as it comes. */
export async function runCases(
  cases: readonly Case[],
  {
    peaks,
    effort,
    onRow,
  }: { readonly peaks: Peaks; readonly effort: Effort; readonly onRow?: (row: KernelRow) => void },
): Promise<KernelRow[]> {
  const rows: KernelRow[] = [];
  for (const one of cases) {
    const prepared = one.prepare();
    try {
      warmUp(prepared);
      const row = rate(one, peaks.threads, await sample(one.name, () => prepared.run(), effort), peaks);
      rows.push(row);
      onRow?.(row);
    } finally {
      prepared.dispose();
    }
  }
  return rows;
}
