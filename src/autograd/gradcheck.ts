/**
 * Analytic gradients against central differences. Public: users check their own functions with it, and every
 * differentiable op is checked with it in float64 on the reference backend.
 */
import * as F from "../ops/functional/index.js";
import { tensor } from "../tensor/create.js";
import { Random } from "../tensor/random.js";
import { scope } from "../tensor/scope.js";
import { showShape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { GradientError } from "../util/errors.js";
import { gradientsOf } from "./backward.js";
import { enableGrad, noGrad } from "./tape.js";

/** Tensors of noise for each input, which fill the memory that results of its size were freed from. */
const NOISES = 8;

/** Throws GradientError unless `value` is the same again after the memory that it used was written over. */
async function expectRepeatable(
  value: () => Promise<number>,
  inputs: readonly Tensor[],
  random: Random,
): Promise<void> {
  const first = await value();
  noGrad(() =>
    scope(() => {
      for (const { shape, size, dtype } of inputs)
        for (let i = 0; i < NOISES; i++)
          tensor(
            Float64Array.from({ length: size }, () => Math.floor(100 * random.uniform())),
            shape,
            { dtype },
          );
    }),
  );
  const second = await value();
  if (!Object.is(first, second))
    throw new GradientError(
      `gradcheck: fn gave ${first} and then ${second} for the same inputs, expected one value`,
      "draw random numbers outside, or seed them inside",
    );
}

/** The step, the tolerance and the projection of gradcheck(). */
export interface GradcheckOptions {
  /** Step of the central difference. Default 1e-6 in float64, 1e-2 in float32. */
  readonly step?: number;
  /** Largest allowed |analytic − numeric| / max(1, |analytic|, |numeric|). Default 1e-6 in float64, 2e-2 in float32. */
  readonly tolerance?: number;
  /** Of the random projection that turns the output into a scalar. Default 0. */
  readonly seed?: number;
}

/**
 * Compares the gradients of `fn` with respect to every input that requiresGrad with central differences of
 * sum(fn(inputs) · r), r a fixed random projection. Returns the largest relative error.
 * Throws GradientError naming input, element, analytic and numeric value where the tolerance is passed, and where `fn` does
 * not give one value twice: differences of noise, or of unwritten memory, prove nothing.
 *
 * @example
 * ```ts
 * const x = randn([2, 3], { dtype: "float64", requiresGrad: true });
 * const worst = await gradcheck((x) => x.sin().mul(x), [x]);
 * console.log(worst < 1e-6); // true
 * ```
 */
export async function gradcheck(
  fn: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  options: GradcheckOptions = {},
): Promise<number> {
  const checked = inputs.flatMap((x, i) => (x.requiresGrad ? [i] : []));
  if (checked.length === 0)
    throw new GradientError("gradcheck: no input has requiresGrad", "tensor(values, shape, { requiresGrad: true })");
  const isDouble = checked.every((i) => inputs[i]!.dtype === "float64");
  const step = options.step ?? (isDouble ? 1e-6 : 1e-2);
  const tolerance = options.tolerance ?? (isDouble ? 1e-6 : 2e-2);
  const random = new Random(options.seed ?? 0);
  let weights: Float64Array | undefined;

  const project = (y: Tensor): Tensor => {
    weights ??= Float64Array.from({ length: y.size }, () => random.uniform() + 0.5);
    return F.sum(F.mul(y, tensor(weights, y.shape, { dtype: y.dtype })));
  };
  const value = (): Promise<number> => {
    const y = noGrad(() => scope(() => fn(...inputs)));
    return y.data().then((data) => {
      y.dispose();
      weights ??= Float64Array.from({ length: data.length }, () => random.uniform() + 0.5);
      let total = 0;
      for (let i = 0; i < data.length; i++) total += data[i]! * weights[i]!;
      return total;
    });
  };
  await expectRepeatable(value, inputs, random);
  const analytic = enableGrad(() => scope(() => gradientsOf(project(fn(...inputs)), inputs)));

  let worst = 0;
  for (const i of checked) {
    const x = inputs[i]!;
    const gradient = analytic[i] ? await analytic[i].data() : new Float64Array(x.size);
    const original = await x.data();
    const shifted = original.slice();
    for (let e = 0; e < original.length; e++) {
      const at = async (v: number) => {
        shifted[e] = v;
        x.write(shifted);
        return { value: await value(), position: shifted[e]! };
      };
      const high = await at(original[e]! + step);
      const low = await at(original[e]! - step);
      shifted[e] = original[e]!;
      const numeric = (high.value - low.value) / (high.position - low.position);
      const error = Math.abs(gradient[e]! - numeric) / Math.max(1, Math.abs(gradient[e]!), Math.abs(numeric));
      if (!(error <= tolerance)) {
        x.write(original);
        throw new GradientError(
          `gradcheck: input ${i} ${showShape(x.shape)}, element ${e}: analytic ${gradient[e]}, numeric ${numeric}, relative error ${error.toExponential(2)} above ${tolerance}`,
        );
      }
      worst = Math.max(worst, error);
    }
    x.write(original);
  }
  for (const gradient of analytic) gradient?.dispose();
  return worst;
}
