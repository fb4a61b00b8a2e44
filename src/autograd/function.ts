/**
 * User-defined differentiable functions: a forward made of any ops, and a backward given by hand.
 */
import { cast } from "../ops/functional/index.js";
import { scope } from "../tensor/scope.js";
import { sameShape, showShape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { GradientError } from "../util/errors.js";
import { connect, isGradEnabled, needsGrad, noGrad, Saved } from "./tape.js";

/** A differentiable function given by its forward and its backward (torch.autograd.Function). */
export interface CustomFunction<Inputs extends readonly Tensor[]> {
  readonly name: string;
  /** Computes y from the inputs; its ops are not recorded. */
  forward(...inputs: Inputs): Tensor;
  /** The gradient of each input (null for none) from dy, the inputs and y. */
  backward(dy: Tensor, inputs: Inputs, y: Tensor): readonly (Tensor | null)[];
}

/**
 * Turns a forward and a backward into one differentiable function. A gradient of another dtype than its input is cast; backward throws GradientError for one of another shape.
 *
 * @example
 * ```ts
 * const clippedSquare = customFunction({
 *   name: "clippedSquare",
 *   forward: (x: Tensor) => x.square(),
 *   backward: (dy, [x]) => [dy.mul(x.mul(2).clamp(-1, 1))],
 * });
 * const x = tensor([3], [1], { requiresGrad: true });
 * clippedSquare(x).sum().backward();
 * console.log(x.grad?.toArray()); // [1]
 * ```
 */
export function customFunction<Inputs extends readonly Tensor[]>(
  spec: CustomFunction<Inputs>,
): (...inputs: Inputs) => Tensor {
  return (...inputs) => {
    const y = noGrad(() => scope(() => spec.forward(...inputs)));
    if (!isGradEnabled() || !inputs.some(needsGrad)) return y;
    const kept = new Saved();
    const saved = inputs.map((x) => kept.keep(x, spec.name)) as unknown as Inputs;
    const savedOutput = kept.keep(y, spec.name);
    connect(
      spec.name,
      inputs,
      [y],
      ([dy]) => {
        const gradients = spec.backward(dy!, saved, savedOutput);
        return inputs.map((x, i) => {
          const gradient = gradients[i];
          if (!gradient) return null;
          if (!sameShape(gradient.shape, x.shape))
            throw new GradientError(
              `${spec.name}: backward gave ${showShape(gradient.shape)} for input ${i} of shape ${showShape(x.shape)}`,
            );
          // as PyTorch does with what promotion made of it
          return () => cast(gradient, x.dtype);
        });
      },
      kept,
    );
    return y;
  };
}
