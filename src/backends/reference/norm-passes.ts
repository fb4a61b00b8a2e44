/** The passes of compiled batch norms, by the definitions of their parts, in float64. */
import type { BehindAttrs, BranchesAttrs, EpsAttrs, SkipAttrs, TermsAttrs } from "../../ops/spec/index.js";
import { type Shape, sizeOf } from "../../tensor/shape.js";
import type { ArrayView } from "../kernel-table.js";
import { batchNorm, batchNormGrad } from "./batch-norm.js";
import { conv2d, conv2dInputGrad } from "./conv.js";

type Views = readonly ArrayView[];
type Three = readonly [ArrayView, ArrayView, ArrayView];

const doubles = (shape: Shape): ArrayView => ({ shape, dtype: "float64", data: new Float64Array(sizeOf(shape)) });

/** Centre, scale and shift of y = γ·(x − mean)/√(variance + eps) + β. */
export function batchNormStatistics([x, gamma, beta]: Three, { eps }: EpsAttrs, outputs: Three): void {
  const channels = gamma.data.length;
  const [mean, variance] = [doubles([channels]), doubles([channels])];
  batchNorm([x, gamma, beta], { eps }, [doubles(x.shape), mean, variance]);
  const [meanOut, varianceOut, coefficients] = outputs;
  meanOut.data.set(mean.data as Float64Array);
  varianceOut.data.set(variance.data as Float64Array);
  for (let c = 0; c < channels; c++) {
    const row = [mean.data[c]!, gamma.data[c]! / Math.sqrt(variance.data[c]! + eps), beta.data[c]!];
    row.forEach((value, i) => {
      coefficients.data[i * channels + c] = value;
    });
  }
}

const POINTWISE = { stride: [1, 1], padding: [0, 0], dilation: [1, 1], groups: 1 } as const;

export function conv2dStatistics(
  [x, w, gamma, beta]: readonly [ArrayView, ArrayView, ArrayView, ArrayView],
  attrs: EpsAttrs,
  [zOut, ...vectors]: readonly [ArrayView, ...Three],
): void {
  const z = doubles(zOut.shape);
  conv2d([x, w], POINTWISE, [z]);
  batchNormStatistics([z, gamma, beta], attrs, vectors);
  zOut.data.set(z.data as Float64Array);
}

export function batchNormSum(inputs: Views, { normalized, activation }: TermsAttrs, [y]: readonly [ArrayView]): void {
  const channels = y.shape.at(-1)!;
  for (let i = 0; i < y.data.length; i++) {
    let table = normalized.length;
    let total: number | null = null;
    for (const [term, isNormalized] of normalized.entries()) {
      const x = inputs[term]!.data[i]!;
      const at = (row: number): number => inputs[table]!.data[row * channels + (i % channels)]!;
      const value = isNormalized ? (x - at(0)) * at(1) + at(2) : x;
      if (isNormalized) table++;
      total = total === null ? value : total + value;
    }
    y.data[i] = activation === "relu" && total! <= 0 ? 0 : total!;
  }
}

/** With a = γ/σ: b = −a·dγ/(σ·rows), c = −a·dβ/rows. */
export function batchNormGradSums(
  [dy, ...branches]: readonly [ArrayView, ...ArrayView[]],
  { eps }: BranchesAttrs,
  outputs: Views,
): void {
  eps.forEach((own, branch) => {
    const [x, gamma, mean, variance] = branches.slice(4 * branch) as unknown as readonly [
      ArrayView,
      ArrayView,
      ArrayView,
      ArrayView,
    ];
    const [dgammaOut, dbetaOut, coefficients] = outputs.slice(3 * branch) as unknown as Three;
    const [dgamma, dbeta] = [doubles(gamma.shape), doubles(gamma.shape)];
    batchNormGrad([dy, x, gamma, mean, variance], { eps: own }, [doubles(x.shape), dgamma, dbeta]);
    const channels = gamma.data.length;
    const rows = x.data.length / channels;
    for (let c = 0; c < channels; c++) {
      const sigma = Math.sqrt(variance.data[c]! + own);
      const a = gamma.data[c]! / sigma;
      const row = [mean.data[c]!, a, (-a * dgamma.data[c]!) / (sigma * rows), (-a * dbeta.data[c]!) / rows];
      row.forEach((value, i) => {
        coefficients.data[i * channels + c] = value;
      });
    }
    dgammaOut.data.set(dgamma.data as Float64Array);
    dbetaOut.data.set(dbeta.data as Float64Array);
  });
}

export function batchNormInputGrad([dy, x, coefficients]: Three, _: object, [dx]: readonly [ArrayView]): void {
  const channels = x.shape.at(-1)!;
  for (let i = 0; i < dx.data.length; i++) {
    const at = (row: number): number => coefficients.data[row * channels + (i % channels)]!;
    dx.data[i] = at(1) * dy.data[i]! + at(2) * (x.data[i]! - at(0)) + at(3);
  }
}

function cut(dx: ArrayView, x: ArrayView, behind: BehindAttrs["behind"], dbias: ArrayView | undefined): void {
  if (behind === "none") return;
  const sums = new Float64Array(dx.shape.at(-1)!);
  for (let i = 0; i < dx.data.length; i++) {
    if (x.data[i]! <= 0) dx.data[i] = 0;
    sums[i % sums.length]! += dx.data[i]!;
  }
  dbias?.data.set(sums);
}

export function normedInputGrad(
  [dy, z, coefficients, w, x, ofSkip]: readonly [ArrayView, ArrayView, ArrayView, ArrayView, ...ArrayView[]],
  { hasSkip, behind }: SkipAttrs,
  [dzOut, dxOut, dbias]: readonly [ArrayView, ArrayView, ...ArrayView[]],
): void {
  const [dz, dx] = [doubles(dzOut.shape), doubles(dxOut.shape)];
  batchNormInputGrad([dy, z, coefficients], {}, [dz]);
  conv2dInputGrad([dz, w], POINTWISE, [dx]);
  if (hasSkip) {
    const own = doubles(dx.shape);
    batchNormInputGrad([dy, x!, ofSkip!], {}, [own]);
    for (let i = 0; i < dx.data.length; i++) dx.data[i] = dx.data[i]! + own.data[i]!;
  }
  cut(dx, x ?? dx, behind, dbias);
  dzOut.data.set(dz.data as Float64Array);
  dxOut.data.set(dx.data as Float64Array);
}
