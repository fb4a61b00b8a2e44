/**
 * Batch normalisation: two-pass statistics by staged column sums, then one pass over the rows. The sums are taken from the
 * first row, not from 0: where a channel's mean is thousands of its deviations, which S0 has after a few steps, a mean
 * rounded to float32 is wrong by a ten-thousandth of a deviation.
 */
import { defineKernel, type GpuKernel } from "../kernel.js";
import { flat, type Lowering, type Operand, rowsOf, type View, viewOf } from "../plan.js";
import { columnTerm, layersOf, sumColumns, sumRun } from "./reduce.js";

/** What is counted from the first row, in its channel, or from 0 where a number there is not finite. */
const origin = `let origin = x[0][0][this.thread.x];
    if (isFinite(origin) < 0.5) { origin = 0; }`;

const distances = columnTerm("Σ x − x₀", "x", "total += x[layer][row][this.thread.x] - origin;", "", origin);
const centredSquares = columnTerm(
  "Σ (x − x₀ − offset)²",
  "x offset",
  "const d = x[layer][row][this.thread.x] - origin - offset[this.thread.x];\ntotal += d * d;",
  "",
  origin,
);
const meanKernel = defineKernel(
  "mean from x₀",
  1,
  { arrays: "x offset" },
  `${origin}
  return origin + offset[this.thread.x];`,
);
const gradientProducts = columnTerm(
  "Σ dy · (x − mean)/σ",
  "dy x mean variance",
  `total += dy[layer][row][this.thread.x] * (x[layer][row][this.thread.x] - mean[this.thread.x])
    / sqrtOf(variance[this.thread.x] + eps);`,
  "eps",
);

const here = "[this.thread.z][this.thread.y][this.thread.x]";
/** `distance` is that of x to where `centre` is counted from. */
const normalizer = (name: string, centre: string, distance: string, start = ""): GpuKernel =>
  defineKernel(
    name,
    3,
    { arrays: `x gamma beta ${centre} variance`, floats: "eps" },
    `${start}
    return gamma[this.thread.x] * (${distance} - ${centre}[this.thread.x]) / sqrtOf(variance[this.thread.x] + eps)
    + beta[this.thread.x];`,
  );
const normalizeKernel = normalizer("normalize from x₀", "offset", `x${here} - origin`, origin);
const normalizeEvalKernel = normalizer("normalize", "mean", `x${here}`);
const gradientKernel = defineKernel(
  "batchNormGrad",
  3,
  { arrays: "dy x gamma mean variance dgamma dbeta", floats: "eps inverseRows" },
  `const inverseStd = 1 / sqrtOf(variance[this.thread.x] + eps);
  const normalized = (x${here} - mean[this.thread.x]) * inverseStd;
  return gamma[this.thread.x] * inverseStd
    * (dy${here} - dbeta[this.thread.x] * inverseRows - normalized * dgamma[this.thread.x] * inverseRows);`,
);

const rows = (x: Operand): View => {
  const { z, y } = rowsOf(x.shape);
  return viewOf(x.place, z, y, x.shape.at(-1)!);
};
const dims = (x: Operand) => rows(x).dims;

export const batchNorms = {
  batchNorm: (([x, gamma, beta], { eps }, [y, mean, variance], plan) => {
    const channels = gamma.size;
    const count = x.size / channels;
    const offset = plan.scratch(channels);
    sumColumns(distances, [layersOf(x)], [], offset, plan, 1 / count);
    plan.call(meanKernel, mean.place, [channels, 1, 1], [layersOf(x), flat(offset)]);
    sumColumns(centredSquares, [layersOf(x), flat(offset)], [], variance.place, plan, 1 / count);
    const vectors = [gamma.place, beta.place, offset, variance.place].map(flat);
    plan.call(normalizeKernel, y.place, dims(x), [rows(x), ...vectors, eps]);
  }) as Lowering<"batchNorm">,
  batchNormGrad: (([dy, x, gamma, mean, variance], { eps }, [dx, dgamma, dbeta], plan) => {
    const channels = gamma.size;
    const count = x.size / channels;
    sumRun(dy.place, { outer: 1, count, inner: channels }, dbeta.place, plan);
    const views = [layersOf(dy), layersOf(x), flat(mean.place), flat(variance.place)] as const;
    sumColumns(gradientProducts, views, [eps], dgamma.place, plan);
    const vectors = [gamma, mean, variance, dgamma, dbeta].map((v) => flat(v.place));
    plan.call(gradientKernel, dx.place, dims(x), [rows(dy), rows(x), ...vectors, eps, 1 / count]);
  }) as Lowering<"batchNormGrad">,
  batchNormEval: (([x, ...vectors], { eps }, [y], plan) =>
    plan.call(normalizeEvalKernel, y.place, dims(x), [
      rows(x),
      ...vectors.map((v) => flat(v.place)),
      eps,
    ])) as Lowering<"batchNormEval">,
  biasReluGrad: (([dy, y], _, [dx, dbias], plan) => {
    plan.call(reluGrad, dx.place, [dx.size, 1, 1], [flat(dy.place), flat(y.place)]);
    sumRun(dx.place, { outer: 1, count: dx.size / dbias.size, inner: dbias.size }, dbias.place, plan);
  }) as Lowering<"biasReluGrad">,
};

const reluGrad = defineKernel(
  "dy but where y <= 0",
  1,
  { arrays: "dy y" },
  "if (isLessOrEqual(y[this.thread.x], 0) > 0.5) { return 0; }\nreturn dy[this.thread.x];",
);

export const batchNormKernels: readonly GpuKernel[] = [
  distances.kernel,
  centredSquares.kernel,
  meanKernel,
  gradientProducts.kernel,
  normalizeKernel,
  normalizeEvalKernel,
  gradientKernel,
  reluGrad,
];
