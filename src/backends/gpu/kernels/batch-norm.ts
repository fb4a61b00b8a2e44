/**
 * Batch normalisation: two-pass statistics by staged column sums, then one pass over the rows. The sums are taken from the
 * first row, not from 0: where a channel's mean is thousands of its deviations, which S0 has after a few steps, a mean
 * rounded to float32 is wrong by a ten-thousandth of a deviation.
 */
import { allOf, defineKernel, type GpuKernel } from "../kernel.js";
import { type BufferOperand, flat, type Lowering, rowsOf, type View, viewOf } from "../plan.js";
import { columnTerm, layersOf, sumColumns, sumRun } from "./reduce.js";

/** What is counted from the first row, in its channel, or from 0 where a number there is not finite. */
const ORIGIN = `let origin = x[0][0][this.thread.x];
    if (isFinite(origin) < 0.5) { origin = 0; }`;

const distances = columnTerm("Σ x − x₀", { x: "array" }, "total += x[layer][row][this.thread.x] - origin;", {}, ORIGIN);
const centredSquares = columnTerm(
  "Σ (x − x₀ − offset)²",
  { x: "array", offset: "array" },
  "const d = x[layer][row][this.thread.x] - origin - offset[this.thread.x];\ntotal += d * d;",
  {},
  ORIGIN,
);
const meanKernel = defineKernel(
  { name: "mean from x₀", rank: 1, args: { x: "array", offset: "array" } },
  `${ORIGIN}
  return origin + offset[this.thread.x];`,
);
const gradientProducts = columnTerm(
  "Σ dy · (x − mean)/σ",
  { dy: "array", x: "array", mean: "array", variance: "array" },
  `total += dy[layer][row][this.thread.x] * (x[layer][row][this.thread.x] - mean[this.thread.x])
    / sqrtOf(variance[this.thread.x] + eps);`,
  { eps: "float" },
);

const HERE = "[this.thread.z][this.thread.y][this.thread.x]";
/** `distance` is that of x to where `centre` is counted from. */
const normalizer = <const C extends string>(name: string, centre: C, distance: string, start = "") =>
  defineKernel(
    {
      name,
      rank: 3,
      args: { ...allOf("array", ["x", "gamma", "beta", centre, "variance"]), ...allOf("float", ["eps"]) },
    },
    `${start}
    return gamma[this.thread.x] * (${distance} - ${centre}[this.thread.x]) / sqrtOf(variance[this.thread.x] + eps)
    + beta[this.thread.x];`,
  );
const normalizeKernel = normalizer("normalize from x₀", "offset", `x${HERE} - origin`, ORIGIN);
const normalizeEvalKernel = normalizer("normalize", "mean", `x${HERE}`);
const gradientKernel = defineKernel(
  {
    name: "batchNormGrad",
    rank: 3,
    args: {
      dy: "array",
      x: "array",
      gamma: "array",
      mean: "array",
      variance: "array",
      dgamma: "array",
      dbeta: "array",
      eps: "float",
      inverseRows: "float",
    },
  },
  `const inverseStd = 1 / sqrtOf(variance[this.thread.x] + eps);
  const normalized = (x${HERE} - mean[this.thread.x]) * inverseStd;
  return gamma[this.thread.x] * inverseStd
    * (dy${HERE} - dbeta[this.thread.x] * inverseRows - normalized * dgamma[this.thread.x] * inverseRows);`,
);

const rows = (x: BufferOperand): View => {
  const { z, y } = rowsOf(x.shape);
  return viewOf(x.place, z, y, x.shape.at(-1)!);
};
const dims = (x: BufferOperand) => rows(x).dims;

export const batchNorms = {
  batchNorm: (([x, gamma, beta], { eps }, [y, mean, variance], plan) => {
    const channels = gamma.size;
    const count = x.size / channels;
    const offset = plan.scratch(channels);
    const fromFirst = { x: layersOf(x), offset: flat(offset) };
    sumColumns(distances, { x: layersOf(x) }, layersOf(x), offset, plan, 1 / count);
    plan.call(meanKernel, mean.place, [channels, 1, 1], fromFirst);
    sumColumns(centredSquares, fromFirst, layersOf(x), variance.place, plan, 1 / count);
    plan.call(normalizeKernel, y.place, dims(x), {
      x: rows(x),
      gamma: flat(gamma.place),
      beta: flat(beta.place),
      offset: flat(offset),
      variance: flat(variance.place),
      eps,
    });
  }) as Lowering<"batchNorm">,
  batchNormGrad: (([dy, x, gamma, mean, variance], { eps }, [dx, dgamma, dbeta], plan) => {
    const channels = gamma.size;
    const count = x.size / channels;
    sumRun(dy.place, { outer: 1, count, inner: channels }, dbeta.place, plan);
    const statistics = { mean: flat(mean.place), variance: flat(variance.place), eps };
    sumColumns(gradientProducts, { dy: layersOf(dy), x: layersOf(x), ...statistics }, layersOf(dy), dgamma.place, plan);
    plan.call(gradientKernel, dx.place, dims(x), {
      dy: rows(dy),
      x: rows(x),
      gamma: flat(gamma.place),
      ...statistics,
      dgamma: flat(dgamma.place),
      dbeta: flat(dbeta.place),
      inverseRows: 1 / count,
    });
  }) as Lowering<"batchNormGrad">,
  batchNormEval: (([x, gamma, beta, mean, variance], { eps }, [y], plan) =>
    plan.call(normalizeEvalKernel, y.place, dims(x), {
      x: rows(x),
      gamma: flat(gamma.place),
      beta: flat(beta.place),
      mean: flat(mean.place),
      variance: flat(variance.place),
      eps,
    })) as Lowering<"batchNormEval">,
  biasReluGrad: (([dy, y], _, [dx, dbias], plan) => {
    plan.call(reluGrad, dx.place, [dx.size, 1, 1], { dy: flat(dy.place), y: flat(y.place) });
    const count = dbias.size === 0 ? 0 : dx.size / dbias.size;
    sumRun(dx.place, { outer: 1, count, inner: dbias.size }, dbias.place, plan);
  }) as Lowering<"biasReluGrad">,
};

const reluGrad = defineKernel(
  { name: "dy but where y <= 0", rank: 1, args: { dy: "array", y: "array" } },
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
