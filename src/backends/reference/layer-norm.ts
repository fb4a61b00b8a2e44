/**
 * Layer normalisation over the last axis (Ba, Kiros & Hinton 2016), row by row, in float64. Two passes for the variance,
 * since E[x²] − E[x]² loses digits.
 */
import type { EpsAttrs, NoAttrs } from "../../ops/spec/index.js";
import type { ArrayView } from "../kernel-table.js";

type Three = readonly [ArrayView, ArrayView, ArrayView];
type Five = readonly [ArrayView, ArrayView, ArrayView, ArrayView, ArrayView];

/** y = γ·(x − mean)·inverseStd + β with the row's mean and inverseStd = 1/√(variance + eps). */
export function layerNorm([x, gamma, beta]: Three, { eps }: EpsAttrs, [y, meanOut, inverseOut]: Three): void {
  const width = gamma.data.length;
  for (let row = 0; row < meanOut.data.length; row++) {
    const at = row * width;
    let sum = 0;
    for (let c = 0; c < width; c++) sum += x.data[at + c]!;
    const mean = sum / width;
    let squares = 0;
    for (let c = 0; c < width; c++) squares += (x.data[at + c]! - mean) ** 2;
    const inverse = 1 / Math.sqrt(squares / width + eps);
    for (let c = 0; c < width; c++)
      y.data[at + c] = (x.data[at + c]! - mean) * inverse * gamma.data[c]! + beta.data[c]!;
    meanOut.data[row] = mean;
    inverseOut.data[row] = inverse;
  }
}

/** With x̂ = (x − mean)·inverseStd and g = γ·dy: dβ = Σdy, dγ = Σdy·x̂, dx = inverseStd·(g − Σg/C − x̂·Σ(g·x̂)/C). */
export function layerNormGrad([dy, x, gamma, mean, inverseStd]: Five, _: NoAttrs, [dx, dgamma, dbeta]: Three): void {
  const width = gamma.data.length;
  const gammaTotals = new Float64Array(width);
  const betaTotals = new Float64Array(width);
  for (let row = 0; row < mean.data.length; row++) {
    const at = row * width;
    const inverse = inverseStd.data[row]!;
    const normalized = (c: number): number => (x.data[at + c]! - mean.data[row]!) * inverse;
    let sum = 0;
    let product = 0;
    for (let c = 0; c < width; c++) {
      const d = dy.data[at + c]!;
      const scaled = normalized(c);
      gammaTotals[c]! += d * scaled;
      betaTotals[c]! += d;
      sum += gamma.data[c]! * d;
      product += gamma.data[c]! * d * scaled;
    }
    for (let c = 0; c < width; c++)
      dx.data[at + c] = inverse * (gamma.data[c]! * dy.data[at + c]! - sum / width - normalized(c) * (product / width));
  }
  dgamma.data.set(gammaTotals);
  dbeta.data.set(betaTotals);
}
