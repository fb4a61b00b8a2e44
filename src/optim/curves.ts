/**
 * Numbers over time as closed forms, the ones that torch.optim.lr_scheduler reaches step by step. A curve holds no state: a
 * resumed run asks with its own time. Time is counted from 0 in epochs or iterations, fractions included; schedule.ts says in
 * which.
 */
import { UsageError } from "../util/errors.js";

/** A rate, or a factor of one, at a time. Before 0 it is what it is at 0. */
export type Curve = (at: number) => number;

/** How much of `length` has passed: 0 to 1, and 1 throughout where it is 0. */
const shareOf = (at: number, length: number): number => (length <= 0 ? 1 : Math.min(1, Math.max(0, at / length)));

/** From `start` at a share of 0 to `end` at 1, half a cosine. */
const cosineBetween = (start: number, end: number, share: number): number =>
  end + ((start - end) * (1 + Math.cos(Math.PI * share))) / 2;
const lineBetween = (start: number, end: number, share: number): number => start + (end - start) * share;

/** The same at all times. */
export const constant =
  (value: number): Curve =>
  () =>
    value;

/** `factor` times the curve. */
export const scaled =
  (factor: number, curve: Curve): Curve =>
  (at) =>
    factor * curve(at);

/** The same curve from the time `begin` on. */
export const startingAt =
  (begin: number, curve: Curve): Curve =>
  (at) =>
    curve(at - begin);

/** From `start` at 0 to `end` (default 1) at `length`, then `end`: LinearLR, whose warm-up is the default's. */
export const linear =
  ({ start, end = 1, length }: { readonly start: number; readonly end?: number; readonly length: number }): Curve =>
  (at) =>
    lineBetween(start, end, shareOf(at, length));

/** From `start` to `end` (default 0) along half a cosine, then `end`: CosineAnnealingLR, T_max = length. */
export const cosine =
  ({ start, end = 0, length }: { readonly start: number; readonly end?: number; readonly length: number }): Curve =>
  (at) =>
    cosineBetween(start, end, shareOf(at, length));

/** `start`, multiplied by `gamma` (default 0.1) after each `size`: StepLR. Throws UsageError for a size that is not above 0. */
export function step({ start, size, gamma = 0.1 }: { start: number; size: number; gamma?: number }): Curve {
  if (!(size > 0)) throw new UsageError(`step: size is ${size}, expected above 0`);
  return (at) => start * gamma ** Math.max(0, Math.floor(at / size));
}

/** `start`, multiplied by `gamma` (default 0.1) at each milestone, in any order: MultiStepLR. */
export const multiStep =
  ({
    start,
    milestones,
    gamma = 0.1,
  }: {
    readonly start: number;
    readonly milestones: readonly number[];
    readonly gamma?: number;
  }): Curve =>
  (at) =>
    start * gamma ** milestones.filter((milestone) => milestone <= at).length;

/** From `start` to `end` (default 0) as (1 − share)^power (default 1), then `end`: PolynomialLR, mmengine's PolyLR. */
export const polynomial =
  ({
    start,
    end = 0,
    length,
    power = 1,
  }: {
    readonly start: number;
    readonly end?: number;
    readonly length: number;
    readonly power?: number;
  }): Curve =>
  (at) =>
    end + (start - end) * (1 - shareOf(at, length)) ** power;

/** start · gamma^at: ExponentialLR. */
export const exponential =
  ({ start, gamma }: { readonly start: number; readonly gamma: number }): Curve =>
  (at) =>
    start * gamma ** Math.max(0, at);

/** The peak, the length and the shape of oneCycle(). */
export interface OneCycleOptions {
  readonly peak: number;
  /** Steps in all; the last one, length − 1, is at the end of the fall. */
  readonly length: number;
  /** Share of the steps that rise. Default 0.3. */
  readonly riseShare?: number;
  /** Default "cosine". */
  readonly anneal?: "cosine" | "linear";
  /** The start is peak / startDivisor. Default 25. */
  readonly startDivisor?: number;
  /** The end is start / endDivisor. Default 1e4. */
  readonly endDivisor?: number;
  /** Falls to the start as fast as it rose, and to the end from there. Default false. */
  readonly threePhases?: boolean;
}

/**
 * Up to a peak, and down below where it began (Smith and Topin 2018): OneCycleLR, pct_start = riseShare, div_factor and
 * final_div_factor the divisors. Throws UsageError for a length that is no count above 0 and a share outside 0 to 1.
 */
export function oneCycle(options: OneCycleOptions): Curve {
  const { peak, length, riseShare = 0.3, anneal = "cosine", startDivisor = 25, endDivisor = 1e4 } = options;
  if (!(length > 0)) throw new UsageError(`oneCycle: length is ${length}, expected above 0`);
  if (!(riseShare >= 0 && riseShare <= 1))
    throw new UsageError(`oneCycle: riseShare is ${riseShare}, expected 0 to 1 of the steps`);
  const start = peak / startDivisor;
  const end = start / endDivisor;
  const top = riseShare * length - 1;
  // each phase ends where the next one begins
  const phases = options.threePhases
    ? ([
        [top, start, peak],
        [2 * riseShare * length - 2, peak, start],
        [length - 1, start, end],
      ] as const)
    : ([
        [top, start, peak],
        [length - 1, peak, end],
      ] as const);
  const between = anneal === "cosine" ? cosineBetween : lineBetween;
  return (at) => {
    const i = phases.findIndex(([until]) => at <= until);
    if (i < 0) return end;
    const [until, from, to] = phases[i]!;
    const begin = i === 0 ? 0 : phases[i - 1]![0];
    return between(from, to, shareOf(at - begin, until - begin));
  };
}

/**
 * One curve after the other; each begins anew at its milestone: SequentialLR. Throws UsageError unless there is one rising
 * milestone between each two curves.
 */
export function sequential(curves: readonly Curve[], milestones: readonly number[]): Curve {
  const isRising = milestones.every((milestone, i) => i === 0 || milestone > milestones[i - 1]!);
  if (curves.length === 0 || milestones.length !== curves.length - 1 || !isRising)
    throw new UsageError(
      `sequential: ${curves.length} curves with milestones [${milestones.join(", ")}]`,
      "expected rising milestones, one less than curves",
    );
  return (at) => {
    const i = milestones.filter((milestone) => milestone <= at).length;
    return curves[i]!(i === 0 ? at : at - milestones[i - 1]!);
  };
}

/** The product of curves, as ChainedScheduler makes of schedulers that multiply: one of them a rate, the others factors. */
export const product =
  (...curves: readonly Curve[]): Curve =>
  (at) =>
    curves.reduce((value, curve) => value * curve(at), 1);
