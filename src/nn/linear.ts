/**
 * The affine layer y = x·W + b (torch.nn.Linear, whose W is stored transposed in files: io/layout turns it).
 */
import { convolveWithBias } from "../ops/functional/convolved.js";
import * as F from "../ops/functional/index.js";
import { scope } from "../tensor/scope.js";
import type { Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { expectCount, expectOptions } from "./arguments.js";
import { initialTensor } from "./init.js";
import { Module } from "./module.js";
import type { LayerOptions } from "./parameter.js";
import { showNumbers } from "./repr.js";

/** Whether a linear layer has a bias. */
export interface LinearOptions extends LayerOptions {
  /** Default true. */
  readonly bias?: boolean;
}

/** x [..., in] · W [in, out] + b [out]: of more axes than two one product whose rows get the bias while they are in the cache. */
export function affine(x: Tensor, weight: Tensor, bias: Tensor | null): Tensor {
  if (x.rank === 1) return scope(() => F.reshape(affine(F.reshape(x, [1, x.size]), weight, bias), [weight.shape[1]!]));
  if (!bias) return F.matmul(x, weight);
  const [width, outputs] = [x.shape.at(-1)!, weight.shape[1]!];
  // a picture of nothing is none
  if (x.rank <= 2 || width !== weight.shape[0] || x.size === 0) return scope(() => F.add(F.matmul(x, weight), bias));
  return scope(() => {
    // a product of rows is a convolution of a picture of single pixels
    const rows = F.reshape(x, [1, x.size / width, 1, width]);
    const y = convolveWithBias(rows, F.reshape(weight, [1, 1, width, outputs]), bias);
    return F.reshape(y, [...x.shape.slice(0, -1), outputs]);
  });
}

/**
 * The affine layer y = x·W + b (torch.nn.Linear), [..., inFeatures] -> [..., outFeatures].
 *
 * @example
 * ```ts
 * const layer = new nn.Linear(128, 10);
 * console.log(layer.forward(randn([4, 128])).shape); // [4, 10]
 * ```
 */
export class Linear extends Module {
  /** Shape [inFeatures, outFeatures], the order a row-major GEMM reads. */
  readonly weight: Tensor;
  readonly bias: Tensor | null;

  /** [..., inFeatures] -> [..., outFeatures]. Throws UsageError for counts that are none. */
  constructor(inFeatures: number, outFeatures: number, options: LinearOptions = {}) {
    super();
    expectOptions("Linear", options, "new nn.Linear(2, 2, { bias: false })");
    expectCount("Linear", "inFeatures", inFeatures, 0);
    expectCount("Linear", "outFeatures", outFeatures, 0);
    const parameter = (role: "linearWeight" | "bias", shape: Shape) =>
      this.parameter(
        role === "bias" ? role : "weight",
        role,
        initialTensor(role, shape, options, inFeatures),
        inFeatures,
      );
    this.weight = parameter("linearWeight", [inFeatures, outFeatures]);
    this.bias = options.bias === false ? null : parameter("bias", [outFeatures]);
  }

  forward(x: Tensor): Tensor {
    return affine(x, this.weight, this.bias);
  }

  override extraRepr(): string {
    const [inFeatures, outFeatures] = this.weight.shape;
    return showNumbers({ inFeatures, outFeatures, bias: this.bias !== null });
  }
}
