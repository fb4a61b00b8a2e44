/**
 * Batch normalisation over all axes but the last (Ioffe & Szegedy 2015), in float64. Two passes for the variance, since
 * E[x²] − E[x]² loses digits.
 */
import type { EpsAttrs } from "../../ops/spec/index.js";
import type { ArrayView } from "../kernel-table.js";

type One = readonly [ArrayView];
type Three = readonly [ArrayView, ArrayView, ArrayView];
type Five = readonly [ArrayView, ArrayView, ArrayView, ArrayView, ArrayView];

/** Σ over rows of value(i, c), per channel; i is the flat index. */
function sumRows(size: number, channels: number, value: (i: number, c: number) => number): Float64Array {
  const totals = new Float64Array(channels);
  for (let i = 0; i < size; i++) totals[i % channels]! += value(i, i % channels);
  return totals;
}

/** y = γ·(x − mean)/√(variance + eps) + β; mean and biased variance of the batch. */
export function batchNorm([x, gamma, beta]: Three, { eps }: EpsAttrs, [y, meanOut, varianceOut]: Three): void {
  const channels = gamma.data.length;
  const size = x.data.length;
  const rows = size / channels;
  const mean = sumRows(size, channels, (i) => x.data[i]!).map((total) => total / rows);
  const variance = sumRows(size, channels, (i, c) => (x.data[i]! - mean[c]!) ** 2).map((total) => total / rows);
  for (let i = 0; i < size; i++) {
    const c = i % channels;
    y.data[i] = (gamma.data[c]! * (x.data[i]! - mean[c]!)) / Math.sqrt(variance[c]! + eps) + beta.data[c]!;
  }
  meanOut.data.set(mean);
  varianceOut.data.set(variance);
}

/** With x̂ = (x − mean)/σ: dβ = Σdy, dγ = Σdy·x̂, dx = γ/σ·(dy − dβ/rows − x̂·dγ/rows). */
export function batchNormGrad(
  [dy, x, gamma, mean, variance]: Five,
  { eps }: EpsAttrs,
  [dx, dgamma, dbeta]: Three,
): void {
  const channels = gamma.data.length;
  const size = x.data.length;
  const rows = size / channels;
  const inverseStd = Float64Array.from(variance.data, (v) => 1 / Math.sqrt(v + eps));
  const normalized = (i: number, c: number) => (x.data[i]! - mean.data[c]!) * inverseStd[c]!;
  const sumDy = sumRows(size, channels, (i) => dy.data[i]!);
  const sumDyX = sumRows(size, channels, (i, c) => dy.data[i]! * normalized(i, c));
  for (let i = 0; i < size; i++) {
    const c = i % channels;
    const centred = dy.data[i]! - sumDy[c]! / rows - (normalized(i, c) * sumDyX[c]!) / rows;
    dx.data[i] = gamma.data[c]! * inverseStd[c]! * centred;
  }
  dgamma.data.set(sumDyX);
  dbeta.data.set(sumDy);
}

export function batchNormEval([x, gamma, beta, mean, variance]: Five, { eps }: EpsAttrs, [y]: One): void {
  const channels = gamma.data.length;
  for (let i = 0; i < x.data.length; i++) {
    const c = i % channels;
    y.data[i] = (gamma.data[c]! * (x.data[i]! - mean.data[c]!)) / Math.sqrt(variance.data[c]! + eps) + beta.data[c]!;
  }
}
