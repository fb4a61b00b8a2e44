/**
 * Layer normalisation: a thread per row for its statistics, then one pass over the elements. Sums are taken from the first
 * number of a row, not from 0, so that a mean far from 0 costs no digits.
 */
import { allOf, defineKernel, type GpuKernel } from "../kernel.js";
import { type BufferOperand, flat, type Lowering, rowsOf, type View, viewOf } from "../plan.js";
import { columnTerm, layersOf, sumColumns, sumRun } from "./reduce.js";

const ROW = "[this.thread.z][this.thread.y]";
const HERE = `${ROW}[this.thread.x]`;
const ORIGIN = `let origin = x${ROW}[0];
  if (isFinite(origin) < 0.5) { origin = 0; }`;

/** Σ of a term over the row of the thread. */
const overRow = (start: string, term: string, finish: string): string =>
  `${start}
  let total = 0;
  for (let c = 0; c < width; c++) {
    ${term}
  }
  return ${finish};`;

const offsetKernel = defineKernel(
  { name: "mean of a row from x₀", rank: 3, args: { x: "array", width: "integer" } },
  overRow(ORIGIN, `total += x${ROW}[c] - origin;`, "total / width"),
);
const meanKernel = defineKernel(
  { name: "mean of a row", rank: 3, args: { x: "array", offset: "array" } },
  `${ORIGIN}
  return origin + offset${ROW}[0];`,
);
const inverseKernel = defineKernel(
  { name: "1/σ of a row", rank: 3, args: { x: "array", offset: "array", width: "integer", eps: "float" } },
  overRow(
    ORIGIN,
    `const d = x${ROW}[c] - origin - offset${ROW}[0];
    total += d * d;`,
    "1 / sqrtOf(total / width + eps)",
  ),
);
const normalizeKernel = defineKernel(
  { name: "layerNorm", rank: 3, args: allOf("array", ["x", "gamma", "beta", "offset", "inverseStd"]) },
  `${ORIGIN}
  return (x${HERE} - origin - offset${ROW}[0]) * inverseStd${ROW}[0] * gamma[this.thread.x] + beta[this.thread.x];`,
);

const gradientArgs = allOf("array", ["dy", "x", "gamma", "mean", "inverseStd"]);
const sumKernel = defineKernel(
  { name: "mean of γ·dy of a row", rank: 3, args: { dy: "array", gamma: "array", width: "integer" } },
  overRow("", `total += dy${ROW}[c] * gamma[c];`, "total / width"),
);
const productKernel = defineKernel(
  { name: "mean of γ·dy·x̂ of a row", rank: 3, args: { ...gradientArgs, width: "integer" } },
  overRow(
    "",
    `total += dy${ROW}[c] * gamma[c] * ((x${ROW}[c] - mean${ROW}[0]) * inverseStd${ROW}[0]);`,
    "total / width",
  ),
);
const gradientKernel = defineKernel(
  { name: "layerNormGrad", rank: 3, args: { ...gradientArgs, ...allOf("array", ["sums", "products"]) } },
  `const normalized = (x${HERE} - mean${ROW}[0]) * inverseStd${ROW}[0];
  return inverseStd${ROW}[0]
    * (dy${HERE} * gamma[this.thread.x] - sums${ROW}[0] - normalized * products${ROW}[0]);`,
);
const gammaTerm = columnTerm(
  "Σ dy · x̂ of rows",
  allOf("array", ["dy", "x", "mean", "inverseStd"]),
  `total += dy[layer][row][this.thread.x]
    * ((x[layer][row][this.thread.x] - mean[layer][row][0]) * inverseStd[layer][row][0]);`,
  {},
);

const rows = (x: BufferOperand): View => {
  const { z, y } = rowsOf(x.shape);
  return viewOf(x.place, z, y, x.shape.at(-1)!);
};

export const layerNorms = {
  layerNorm: (([x, gamma, beta], { eps }, [y, mean, inverseStd], plan) => {
    const seen = rows(x);
    const [width, height, depth] = seen.dims;
    const perRow = [1, height, depth] as const;
    const offset = viewOf(plan.scratch(mean.size), depth, height, 1);
    plan.call(offsetKernel, offset.place, perRow, { x: seen, width });
    plan.call(meanKernel, mean.place, perRow, { x: seen, offset });
    plan.call(inverseKernel, inverseStd.place, perRow, { x: seen, offset, width, eps });
    plan.call(normalizeKernel, y.place, seen.dims, {
      x: seen,
      gamma: flat(gamma.place),
      beta: flat(beta.place),
      offset,
      inverseStd: viewOf(inverseStd.place, depth, height, 1),
    });
  }) as Lowering<"layerNorm">,
  layerNormGrad: (([dy, x, gamma, mean, inverseStd], _, [dx, dgamma, dbeta], plan) => {
    const seen = rows(x);
    const [width, height, depth] = seen.dims;
    const perRow = [1, height, depth] as const;
    const perRowOf = (place: BufferOperand["place"], z = depth, y = height): View => viewOf(place, z, y, 1);
    const given = {
      dy: rows(dy),
      x: seen,
      gamma: flat(gamma.place),
      mean: perRowOf(mean.place),
      inverseStd: perRowOf(inverseStd.place),
    };
    const sums = perRowOf(plan.scratch(mean.size));
    const products = perRowOf(plan.scratch(mean.size));
    plan.call(sumKernel, sums.place, perRow, { dy: given.dy, gamma: given.gamma, width });
    plan.call(productKernel, products.place, perRow, { ...given, width });
    plan.call(gradientKernel, dx.place, seen.dims, { ...given, sums, products });
    sumRun(dy.place, { outer: 1, count: mean.size, inner: width }, dbeta.place, plan);
    const layers = layersOf(dy);
    const [, layerRows, count] = layers.dims;
    const terms = {
      dy: layers,
      x: layersOf(x),
      mean: perRowOf(mean.place, count, layerRows),
      inverseStd: perRowOf(inverseStd.place, count, layerRows),
    };
    sumColumns(gammaTerm, terms, layers, dgamma.place, plan);
  }) as Lowering<"layerNormGrad">,
};

export const layerNormKernels: readonly GpuKernel[] = [
  offsetKernel,
  meanKernel,
  inverseKernel,
  normalizeKernel,
  sumKernel,
  productKernel,
  gradientKernel,
  gammaTerm.kernel,
];
