/** The two numbers by which a set of timings is judged: its median, and how far apart its middle half lies. */

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const low = Math.floor(at);
  const first = sorted[low] ?? Number.NaN;
  const second = sorted[low + 1] ?? first;
  return first + (at - low) * (second - first);
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** Distance between the quartiles as a share of the median: 0.1 means the middle half lies within ±5 %. */
export const spread = (values: readonly number[]): number =>
  (quantile(values, 0.75) - quantile(values, 0.25)) / median(values);
