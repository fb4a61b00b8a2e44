/**
 * Batch normalisation over rows of channels: statistics (one read), normalisation (one read, one write); its gradient
 * (two reads for the sums, two reads and a write for dx); normalisation with given statistics.
 */
import type { WasmKernels } from "../plan.js";
import { callEvalCoefficients, callRows, normalize } from "./apply.js";
import { callGradientSums, gradientCoefficientBytes, inputGradient } from "./gradient.js";
import { callStatistics, coefficientBytes } from "./statistics.js";

export const batchNormKernels = {
  batchNorm([x, gamma, beta], { eps }, [y, mean, variance], plan) {
    const channels = gamma.size;
    const rows = x.size / channels;
    if (x.dtype !== "float32" || rows === 0) return false;
    const coefficients = plan.scratch(coefficientBytes(channels));
    callStatistics(plan, x.pointer, rows, channels, { gamma, beta, eps }, [mean, variance], coefficients);
    callRows(plan, normalize, rows, channels, [x.pointer], [coefficients], y.pointer);
    return true;
  },
  batchNormGrad([dy, x, gamma, mean, variance], { eps }, [dx, dgamma, dbeta], plan) {
    const channels = gamma.size;
    const rows = x.size / channels;
    if (x.dtype !== "float32" || rows === 0) return false;
    const coefficients = plan.scratch(gradientCoefficientBytes(channels));
    callGradientSums(plan, dy, [{ x, gamma, mean, variance, eps, dgamma, dbeta, coefficients }]);
    callRows(plan, inputGradient, rows, channels, [dy.pointer, x.pointer], [coefficients], dx.pointer);
    return true;
  },
  batchNormEval([x, gamma, beta, mean, variance], { eps }, [y], plan) {
    const channels = gamma.size;
    if (x.dtype !== "float32") return false;
    const coefficients = plan.scratch(coefficientBytes(channels));
    callEvalCoefficients(plan, [gamma, beta, mean, variance], eps, coefficients);
    callRows(plan, normalize, x.size / channels, channels, [x.pointer], [coefficients], y.pointer);
    return true;
  },
} satisfies WasmKernels;
