/**
 * Runs cases with the package `benchmark`: it finds out how often to call a body per sample and takes samples until the
 * time is spent. Operands of one case live while that case runs and no longer.
 */
import type Benchmark from "benchmark";
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
  /** The least time the machine needs, as a share of the fastest sample, since peaks are the fastest too: 1 is perfect. */
  readonly shareOfPeak?: number;
  /** What bounds that least time: FMA, or a level of memory. */
  readonly bound?: string;
  /** How often a training step of S0 does this. */
  readonly perStep?: number;
}

/** All samples of one case. */
export interface Timing {
  readonly one: Case;
  /** Per call, one number per sample. */
  readonly seconds: readonly number[];
}

export interface Effort {
  /** How often the whole list is gone through: bursts of noise then hit a case once, not all of its samples. */
  readonly passes: number;
  /** Spent on each case in each pass, at most about. */
  readonly caseMs: number;
  readonly minSamples: number;
  /** Of one sample; the clock and its calls must not show. */
  readonly sampleMs: number;
}

export const efforts = {
  normal: { passes: 3, caseMs: 80, minSamples: 3, sampleMs: 10 },
  quick: { passes: 1, caseMs: 60, minSamples: 3, sampleMs: 2 },
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
  // where kernels are not timed, the package may be missing
  const { default: Runner } = await import("benchmark");
  const suite = new Runner.Suite();
  let failure: unknown;
  let seconds: number[] = [];
  // what is thrown after the package's first call leaves its timer and ends the process
  const guarded = (): void => {
    if (failure !== undefined) return;
    try {
      run();
    } catch (error) {
      failure = error;
    }
  };
  suite.add(name, guarded, {
    minSamples,
    maxTime: caseMs / 1000,
    minTime: sampleMs / 1000,
    onError: ({ target }: Benchmark.Event) => {
      failure ??= (target as unknown as Benchmark).error;
    },
    onComplete: ({ target }: Benchmark.Event) => {
      seconds = target.stats!.sample as number[];
    },
  });
  await new Promise((resolve) => suite.on("complete", resolve).run({ async: true }));
  if (failure !== undefined) throw failure;
  return seconds;
}

/** Times the cases one after the other; `onCase` hears what is about to run. */
export async function timeCases(
  cases: readonly Case[],
  effort: Effort,
  onCase: (one: Case) => void = () => {},
): Promise<Timing[]> {
  const samples = cases.map((): number[] => []);
  for (let pass = 0; pass < effort.passes; pass++)
    for (const [i, one] of cases.entries()) {
      onCase(one);
      const prepared = one.prepare();
      try {
        warmUp(prepared);
        samples[i]!.push(...(await sample(one.name, () => prepared.run(), effort)));
      } finally {
        prepared.dispose();
      }
    }
  return cases.map((one, i) => ({ one, seconds: samples[i]! }));
}

/** Rates, and the share of the peaks of this machine. */
export function kernelRow({ one, seconds }: Timing, peaks: Peaks): KernelRow {
  const { group, name, work, perStep } = one;
  const medianMs = 1000 * median(seconds);
  const bestMs = 1000 * Math.min(...seconds);
  const floor = floorOf(work, peaks);
  return {
    ...{ group, name, threads: peaks.threads, medianMs, bestMs, spread: spread(seconds), samples: seconds.length },
    ...(work.flops !== undefined && work.flops > 0 && { gflops: work.flops / medianMs / 1e6 }),
    ...(work.bytes !== undefined && { gbps: work.bytes / medianMs / 1e6 }),
    ...(work.images !== undefined && { imagesPerSecond: (1000 * work.images) / medianMs }),
    ...(floor && { shareOfPeak: floor.ms / bestMs, bound: floor.bound }),
    ...(perStep !== undefined && { perStep }),
  };
}
