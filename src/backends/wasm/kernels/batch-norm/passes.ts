/**
 * Lowerings of what compile() makes of batch norms: the kernels of batchNorm and batchNormGrad in other company, so the same
 * bits.
 */
import type { HeapOperand, WasmKernels } from "../plan.js";
import { callRows, normalize, type RowsFormula } from "./apply.js";
import { callProductWithStatistics } from "./forward-product.js";
import { callGradientSums, inputGradient, type NormBranch } from "./gradient.js";
import { callInputProduct } from "./input-product.js";
import { callStatistics } from "./statistics.js";

/** Σ of terms, each normalised where it says so, then relu. */
function sumOfTerms(normalized: readonly boolean[], relu: boolean): RowsFormula {
  const tables = normalized.filter((is) => is).map(() => 3);
  return {
    name: `batch-norm sum ${normalized.map(Number).join("")} ${relu}`,
    inputs: normalized.length,
    tables,
    formula: (f, inputs, coefficients) => {
      let next = 0;
      const terms = normalized.map((is, i) => {
        if (!is) return inputs[i]!;
        const own = coefficients.slice(3 * next, 3 * ++next);
        return f.vec(normalize.formula(f, [inputs[i]!], own));
      });
      const sum = terms.reduce((total, term) => f.vec(total.add(term)));
      return relu ? sum.pmax(f.splat(0, sum.parts.length)) : sum;
    },
  };
}

export const normPassKernels = {
  batchNormStatistics([x, gamma, beta], { eps }, [mean, variance, coefficients], plan) {
    if (x.dtype !== "float32" || x.size === 0) return false;
    const channels = gamma.size;
    callStatistics(
      plan,
      x.pointer,
      x.size / channels,
      channels,
      { gamma, beta, eps },
      [mean, variance],
      coefficients.pointer,
    );
    return true;
  },
  conv2dStatistics([x, w, gamma, beta], { eps }, [z, ...vectors], plan) {
    if (z.dtype !== "float32" || z.size === 0) return false;
    const [k, n] = [w.shape[2]!, w.shape[3]!];
    callProductWithStatistics(plan, { rows: z.size / n, k, n }, { x, w, z, gamma, beta }, eps, vectors);
    return true;
  },
  batchNormSum(inputs, { normalized, activation }, [y], plan) {
    if (y.dtype !== "float32") return false;
    const channels = y.shape.at(-1)!;
    const pointers = inputs.map(({ pointer }) => pointer);
    const [terms, tables] = [pointers.slice(0, normalized.length), pointers.slice(normalized.length)];
    const formula = sumOfTerms(normalized, activation === "relu");
    callRows(plan, formula, y.size / channels, channels, terms, tables, y.pointer);
    return true;
  },
  batchNormGradSums([dy, ...inputs], { eps }, outputs, plan) {
    if (dy.dtype !== "float32" || dy.size === 0) return false;
    const branches = eps.map((own, i): NormBranch => {
      const [x, gamma, mean, variance] = inputs.slice(4 * i) as [HeapOperand, HeapOperand, HeapOperand, HeapOperand];
      const [dgamma, dbeta, coefficients] = outputs.slice(3 * i) as [HeapOperand, HeapOperand, HeapOperand];
      return { x, gamma, mean, variance, eps: own, dgamma, dbeta, coefficients: coefficients.pointer };
    });
    callGradientSums(plan, dy, branches);
    return true;
  },
  batchNormInputGrad([dy, x, coefficients], _, [dx], plan) {
    if (dy.dtype !== "float32") return false;
    const channels = x.shape.at(-1)!;
    callRows(
      plan,
      inputGradient,
      x.size / channels,
      channels,
      [dy.pointer, x.pointer],
      [coefficients.pointer],
      dx.pointer,
    );
    return true;
  },
  normedInputGrad([dy, z, coefficients, w, x, ofSkip], { hasSkip, behind }, [dz, dx, dbias], plan) {
    if (dy.dtype !== "float32" || dy.size === 0) return false;
    const [cIn, cOut] = [w.shape[2]!, w.shape[3]!];
    callInputProduct(plan, {
      ...{ rows: dy.size / cOut, cIn, cOut, hasMask: behind !== "none" },
      ...{
        dy: dy.pointer,
        z: z.pointer,
        coefficients: coefficients.pointer,
        w: w.pointer,
        dz: dz.pointer,
        dx: dx.pointer,
      },
      ...{ x: x?.pointer ?? 0, ofSkip: hasSkip ? ofSkip!.pointer : null, dbias: dbias?.pointer ?? null },
    });
    return true;
  },
} satisfies WasmKernels;
