/**
 * Draws from the beta distribution in the way of numpy's legacy global generator, which mmpretrain and timm draw the shares of mixup and
 * CutMix from: Jöhnk's method for parameters up to 1, else two gammas by Marsaglia and Tsang (ACM TOMS 26(3), 2000).
 */
import type { MersenneTwister } from "./random.js";

const exponential = (rng: MersenneTwister): number => -Math.log(1 - rng.double());

/** Of a shape above 1. */
function gamma(rng: MersenneTwister, shape: number): number {
  const b = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * b);
  for (;;) {
    const x = rng.normal(0, 1);
    const root = 1 + c * x;
    if (root <= 0) continue;
    const v = root ** 3;
    const u = rng.double();
    if (u < 1 - 0.0331 * x ** 4 || Math.log(u) < 0.5 * x * x + b * (1 - v + Math.log(v))) return b * v;
  }
}

/** Of any shape above 0, by the exponential at 1 and by rejection below (Ahrens and Dieter 1974). */
function anyGamma(rng: MersenneTwister, shape: number): number {
  if (shape > 1) return gamma(rng, shape);
  if (shape === 1) return exponential(rng);
  for (;;) {
    const u = rng.double();
    const v = exponential(rng);
    if (u <= 1 - shape) {
      const x = u ** (1 / shape);
      if (x <= v) return x;
    } else {
      const y = -Math.log((1 - u) / shape);
      const x = (1 - shape + shape * y) ** (1 / shape);
      if (x <= v + y) return x;
    }
  }
}

/** A number in 0 … 1 of Beta(a, b), both above 0: numpy.random.beta after numpy.random.seed, but for the last bits of powers. */
export function drawBeta(rng: MersenneTwister, a: number, b: number): number {
  if (a > 1 || b > 1) {
    const first = anyGamma(rng, a);
    return first / (first + anyGamma(rng, b));
  }
  for (;;) {
    const u = rng.double();
    const v = rng.double();
    const x = u ** (1 / a);
    const y = v ** (1 / b);
    if (x + y > 1) continue;
    if (x + y > 0) return x / (x + y);
    // both powers underflow: the same by logarithms
    const [logX, logY] = [Math.log(u) / a, Math.log(v) / b];
    const most = Math.max(logX, logY);
    const [restX, restY] = [logX - most, logY - most];
    return Math.exp(restX - Math.log(Math.exp(restX) + Math.exp(restY)));
  }
}
