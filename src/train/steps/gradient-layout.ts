/**
 * The gradients of a model as one run of numbers: what processes exchange. Backward's results are copied in, inside the
 * recorded step; the optimiser reads its parts as if they were backward's own. It neither adds nor sends.
 */
import type { Module } from "../../nn/module.js";
import { persistent } from "../../nn/parameter.js";
import { update } from "../../ops/apply.js";
import * as F from "../../ops/functional/index.js";
import { scope } from "../../tensor/scope.js";
import { sizeOf } from "../../tensor/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import { alignUp } from "../../util/align-up.js";

/** In elements: every part starts at a cache line, which is what the arena aligns to. */
const ALIGNMENT = 16;

/** Where the gradient of each parameter that learns lies in a flat tensor, in the order of the state dict. */
export class GradientLayout {
  /** Elements of a flat tensor, gaps included; they stay zero. */
  readonly length: number;
  readonly #places: readonly { readonly parameter: Tensor; readonly offset: number }[];

  constructor(model: Module) {
    let length = 0;
    const learning = model.parameters().filter(({ requiresGrad }) => requiresGrad);
    this.#places = learning.map((tensor) => {
      const offset = length;
      length += alignUp(sizeOf(tensor.shape), ALIGNMENT);
      return { parameter: tensor, offset };
    });
    this.length = length;
  }

  /** A flat float32 tensor of zeros, [length], that no scope frees. */
  allocate(): Tensor {
    return persistent([this.length], "float32");
  }

  #part(flat: Tensor, { parameter, offset }: { readonly parameter: Tensor; readonly offset: number }): Tensor {
    return F.reshape(F.slice(flat, [offset], [parameter.size]), parameter.shape);
  }

  /** Moves the `grad` of every parameter into `flat`; a parameter without one gets zeros. */
  collect(flat: Tensor): void {
    scope(() => {
      for (const place of this.#places) {
        const { parameter } = place;
        const part = this.#part(flat, place);
        if (parameter.grad) update("assign", [part, parameter.grad], {});
        else update("fill", [part], { value: 0 });
        parameter.grad?.dispose();
        parameter.grad = null;
      }
    });
  }

  /** Makes the parts of `flat` the parameters' `grad`; the optimiser's zeroGrad() takes them away again. */
  lend(flat: Tensor): void {
    for (const place of this.#places) place.parameter.grad = this.#part(flat, place);
  }
}
