/**
 * The passes that compile() makes of batch norms where a backend asks for them, by the kernels of their parts: complete, for
 * whoever calls these ops, but no program of this backend holds them.
 */
import { sizeOf } from "../../../tensor/shape.js";
import { allOf, defineKernel, type GpuKernel } from "../kernel.js";
import {
  type BufferOperand,
  flat,
  type Lowering,
  type Place,
  type Plan,
  part,
  rowsOf,
  type View,
  viewOf,
} from "../plan.js";
import { batchNorms } from "./batch-norm.js";
import { convolutions } from "./conv2d.js";
import { elementwise } from "./elementwise.js";

const HERE = "[this.thread.z][this.thread.y][this.thread.x]";
const copyKernel = defineKernel({ name: "coefficient", rank: 1, args: { x: "array" } }, "return x[this.thread.x];");
const scaleKernel = defineKernel(
  { name: "γ/σ", rank: 1, args: { ...allOf("array", ["gamma", "variance"]), eps: "float" } },
  "return gamma[this.thread.x] / sqrtOf(variance[this.thread.x] + eps);",
);
const slopeKernel = defineKernel(
  {
    name: "−γ·dγ/(σ²·rows)",
    rank: 1,
    args: { ...allOf("array", ["a", "dgamma", "variance"]), eps: "float", inverseRows: "float" },
  },
  "return 0 - a[this.thread.x] * dgamma[this.thread.x] * inverseRows / sqrtOf(variance[this.thread.x] + eps);",
);
const constantKernel = defineKernel(
  { name: "−γ·dβ/(σ·rows)", rank: 1, args: { ...allOf("array", ["a", "dbeta"]), inverseRows: "float" } },
  "return 0 - a[this.thread.x] * dbeta[this.thread.x] * inverseRows;",
);
const affineKernel = defineKernel(
  { name: "(x − centre)·scale + shift", rank: 3, args: allOf("array", ["x", "centre", "scale", "shift"]) },
  `return (x${HERE} - centre[this.thread.x]) * scale[this.thread.x] + shift[this.thread.x];`,
);
const inputKernel = defineKernel(
  { name: "a·dy + b·(x − mean) + c", rank: 3, args: allOf("array", ["dy", "x", "mean", "a", "b", "c"]) },
  `return a[this.thread.x] * dy${HERE} + (b[this.thread.x] * (x${HERE} - mean[this.thread.x]) + c[this.thread.x]);`,
);

const seen = (x: BufferOperand): View => {
  const { z, y } = rowsOf(x.shape);
  return viewOf(x.place, z, y, x.shape.at(-1)!);
};
const like = (x: BufferOperand, plan: Plan): BufferOperand => ({ ...x, place: plan.scratch(x.size) });
/** The vectors of coefficients [count, C]. */
const vectorsOf = ({ place, shape: [count, channels] }: BufferOperand): Place[] =>
  Array.from({ length: count! }, (_, i) => part(place, i * channels!, channels!));

const batchNormStatistics: Lowering<"batchNormStatistics"> = ([x, gamma, beta], attrs, outputs, plan) => {
  const [mean, variance, coefficients] = outputs;
  batchNorms.batchNorm([x, gamma, beta], attrs, [like(x, plan), mean, variance], plan);
  const [centre, scale, shift] = vectorsOf(coefficients) as [Place, Place, Place];
  const dims = [gamma.size, 1, 1] as const;
  plan.call(copyKernel, centre, dims, { x: flat(mean.place) });
  plan.call(scaleKernel, scale, dims, { gamma: flat(gamma.place), variance: flat(variance.place), ...attrs });
  plan.call(copyKernel, shift, dims, { x: flat(beta.place) });
};

const POINTWISE = { stride: [1, 1], padding: [0, 0], dilation: [1, 1], groups: 1 } as const;

const conv2dStatistics: Lowering<"conv2dStatistics"> = ([x, w, gamma, beta], attrs, [z, ...vectors], plan) => {
  convolutions.conv2d([x, w], POINTWISE, [z], plan);
  batchNormStatistics([z, gamma, beta], attrs, vectors, plan);
};

const batchNormSum: Lowering<"batchNormSum"> = (inputs, { normalized, activation }, [y], plan) => {
  const tables = inputs.slice(normalized.length);
  let total: BufferOperand | null = null;
  normalized.forEach((is, i) => {
    let term = inputs[i]!;
    if (is) {
      const [centre, scale, shift] = vectorsOf(tables.shift()!).map(flat) as [View, View, View];
      const value = like(y, plan);
      plan.call(affineKernel, value.place, seen(y).dims, { x: seen(term), centre, scale, shift });
      term = value;
    }
    if (total === null) total = term;
    else {
      const sum = like(y, plan);
      elementwise.add([total, term], {}, [sum], plan);
      total = sum;
    }
  });
  if (activation === "relu") elementwise.relu([total!], {}, [y], plan);
  else plan.call(copyKernel, y.place, [sizeOf(y.shape), 1, 1], { x: flat((total as unknown as BufferOperand).place) });
};

const batchNormGradSums: Lowering<"batchNormGradSums"> = ([dy, ...inputs], { eps }, outputs, plan) => {
  eps.forEach((own, i) => {
    type Operands = readonly [BufferOperand, BufferOperand, BufferOperand, BufferOperand];
    const [x, gamma, mean, variance] = inputs.slice(4 * i) as unknown as Operands;
    const [dgamma, dbeta, coefficients] = outputs.slice(3 * i) as unknown as Operands;
    batchNorms.batchNormGrad([dy, x, gamma, mean, variance], { eps: own }, [like(x, plan), dgamma, dbeta], plan);
    const [centre, a, b, c] = vectorsOf(coefficients) as [Place, Place, Place, Place];
    const dims = [gamma.size, 1, 1] as const;
    const inverseRows = gamma.size / x.size;
    const spread = { variance: flat(variance.place), eps: own };
    plan.call(copyKernel, centre, dims, { x: flat(mean.place) });
    plan.call(scaleKernel, a, dims, { gamma: flat(gamma.place), ...spread });
    plan.call(slopeKernel, b, dims, { a: flat(a), dgamma: flat(dgamma.place), ...spread, inverseRows });
    plan.call(constantKernel, c, dims, { a: flat(a), dbeta: flat(dbeta.place), inverseRows });
  });
};

const batchNormInputGrad: Lowering<"batchNormInputGrad"> = ([dy, x, coefficients], _, [dx], plan) => {
  const [mean, a, b, c] = vectorsOf(coefficients).map(flat) as [View, View, View, View];
  plan.call(inputKernel, dx.place, seen(x).dims, { dy: seen(dy), x: seen(x), mean, a, b, c });
};

const normedInputGrad: Lowering<"normedInputGrad"> = (inputs, { hasSkip, behind }, [dz, dx, dbias], plan) => {
  const [dy, z, coefficients, w, x, ofSkip] = inputs;
  batchNormInputGrad([dy, z, coefficients], {}, [dz], plan);
  const isLast = behind === "none";
  const through = hasSkip || !isLast ? like(dx, plan) : dx;
  convolutions.conv2dInputGrad([dz, w], { ...POINTWISE, inputShape: dx.shape }, [through], plan);
  let sum = through;
  if (hasSkip) {
    const own = like(dx, plan);
    batchNormInputGrad([dy, x!, ofSkip!], {}, [own], plan);
    sum = isLast ? dx : like(dx, plan);
    elementwise.add([through, own], {}, [sum], plan);
  }
  if (behind === "relu") elementwise.reluGrad([sum, x!], {}, [dx], plan);
  if (behind === "biasRelu") batchNorms.biasReluGrad([sum, x!], {}, [dx, dbias!], plan);
};

export const normPasses = {
  batchNormStatistics,
  conv2dStatistics,
  batchNormSum,
  batchNormGradSums,
  batchNormInputGrad,
  normedInputGrad,
};

export const normPassKernels: readonly GpuKernel[] = [
  copyKernel,
  scaleKernel,
  slopeKernel,
  constantKernel,
  affineKernel,
  inputKernel,
];
