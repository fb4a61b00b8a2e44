/** What the Watch screen computes of curves before they are drawn: axes, smoothing, one grid for all runs. Pure functions. */
import type { StepColumn } from "../../src/report/facts/log-curves.js";
import type { RunCurves } from "../../src/studio-server/run-entry.js";

export type Axis = "step" | "epoch" | "time";
export const axes: Readonly<Record<Axis, { readonly title: string; readonly label: string }>> = {
  step: { title: "step", label: "step" },
  epoch: { title: "epoch", label: "epoch" },
  time: { title: "time", label: "training time, s" },
};

/** What a chart draws of a run: a column of its steps, or a figure of its validations. */
export type Source = { readonly column: StepColumn } | { readonly figure: string };

/** A curve; equal lengths, x rises. */
export interface Curve {
  readonly x: readonly number[];
  /** null: a step without a finite number. */
  readonly y: readonly (number | null)[];
}

const MS = 1000;

/** The curve of a run; null where it has none, or no such axis. */
export function curveOf(run: RunCurves, source: Source, axis: Axis): Curve | null {
  const isColumn = "column" in source;
  const y = isColumn ? run.columns[source.column] : run.validations.figures[source.figure];
  const { step, elapsedMs } = isColumn ? run : run.validations;
  if (y === undefined || !y.some((value) => value !== null)) return null;
  if (axis === "step") return { x: step, y };
  if (axis === "time") return { x: elapsedMs.map((ms) => ms / MS), y };
  const { stepsPerEpoch } = run;
  return stepsPerEpoch === null ? null : { x: step.map((at) => at / stepsPerEpoch), y };
}

/**
 * The exponential mean with weight `share` on what came before, 0 to 1, whose first values count in full (Kingma and Ba 2015, section 3):
 * written as a step towards each value, so that what is constant stays so to the last bit. Gaps stay gaps.
 */
export function smoothed(y: readonly (number | null)[], share: number): readonly (number | null)[] {
  if (share <= 0) return y;
  let mean = 0;
  let power = 1;
  return y.map((value) => {
    if (value === null) return null;
    power *= share;
    mean += (value - mean) * ((1 - share) / (1 - power));
    return mean;
  });
}

/** The stretch of x that is shown. */
export type Stretch = readonly [from: number, to: number];

/** From the least to the greatest x of all; null without points. On a logarithmic axis only what is above 0 counts. */
export function stretchOf(curves: readonly Curve[], isLog: boolean): Stretch | null {
  let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { x } of curves)
    for (const at of x) {
      if (isLog && at <= 0) continue;
      if (at < from) from = at;
      if (at > to) to = at;
    }
  return from > to ? null : [from, to];
}

/**
 * A stretch moved by a share of itself, and scaled about its middle, within the whole; null where it is the whole. By logarithms where
 * `isLog`, as it looks on the screen.
 */
export function moved(now: Stretch, whole: Stretch, by: number, scale: number, isLog: boolean): Stretch | null {
  const to = (x: number): number => (isLog ? Math.log(x) : x);
  const back = (x: number): number => (isLog ? Math.exp(x) : x);
  const [from, end, low, high] = [to(now[0]), to(now[1]), to(whole[0]), to(whole[1])];
  const width = (end - from) * scale;
  // halving and doubling a logarithm does not come back to the last bit
  if (width >= (high - low) * (1 - 1e-9)) return null;
  const middle = (from + end) / 2 + (end - from) * by;
  const start = Math.min(high - width, Math.max(low, middle - width / 2));
  return [back(start), back(start + width)];
}

/** Middles of `cells` equal parts of a stretch, of its logarithm where `isLog`. */
export function gridOf([from, to]: Stretch, cells: number, isLog: boolean): readonly number[] {
  if (from === to) return [from];
  const [low, high] = isLog ? [Math.log(from), Math.log(to)] : [from, to];
  const place = (i: number): number => low + ((high - low) * (i + 0.5)) / cells;
  return Array.from({ length: cells }, (_, i) => (isLog ? Math.exp(place(i)) : place(i)));
}

/** Means of a curve's values in the cells of a grid; null where a cell has none. What is at or below 0 is no value where `isPositive`. */
export function onGrid(
  { x, y }: Curve,
  [from, to]: Stretch,
  cells: number,
  isLog: boolean,
  isPositive: boolean,
): (number | null)[] {
  const count = from === to ? 1 : cells;
  const sums = new Float64Array(count);
  const counts = new Uint32Array(count);
  const [low, high] = isLog ? [Math.log(from), Math.log(to)] : [from, to];
  for (let i = 0; i < x.length; i++) {
    const [at, value] = [x[i]!, y[i]!];
    if (value === null || at < from || at > to || (isPositive && value <= 0)) continue;
    const share = from === to ? 0 : ((isLog ? Math.log(at) : at) - low) / (high - low);
    const cell = Math.min(count - 1, Math.floor(share * count));
    sums[cell]! += value;
    counts[cell]! += 1;
  }
  return Array.from(sums, (sum, cell) => (counts[cell] === 0 ? null : sum / counts[cell]!));
}

/** What a table says of a curve. */
export interface Extent {
  readonly first: number;
  readonly last: number;
  readonly least: number;
  readonly greatest: number;
}

export function extentOf({ y }: Curve): Extent {
  const known = y.filter((value) => value !== null);
  return {
    first: known[0]!,
    last: known.at(-1)!,
    least: known.reduce((a, b) => Math.min(a, b)),
    greatest: known.reduce((a, b) => Math.max(a, b)),
  };
}
