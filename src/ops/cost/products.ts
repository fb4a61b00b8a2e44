import { type Shape, sizeOf } from "../../tensor/shape.js";
import type { Conv2dAttrs } from "../spec/index.js";
import type { ProductOps } from "../spec/products.js";
import { countMeetings } from "../windows.js";
import type { Arithmetic, CostRule } from "./rule.js";

/** Of a convolution of x with w to y, in whichever direction it is taken: multiply-adds, and elements that take part. */
function convolution(x: Shape, w: Shape, y: Shape, attrs: Conv2dAttrs) {
  const { pairs, inputs, outputs, taps } = countMeetings(x, y, { ...attrs, kernelSize: [w[0]!, w[1]!] });
  const perTap = w[2]! * w[3]!;
  return { multiplyAdds: pairs * perTap, x: inputs * x[3]!, w: taps * perTap, y: outputs * y[3]! };
}

function forward(x: Shape, w: Shape, y: Shape, attrs: Conv2dAttrs): Arithmetic {
  const conv = convolution(x, w, y, attrs);
  return { multiplyAdds: conv.multiplyAdds, reads: [conv.x, conv.w] };
}

export const productsCosts: { readonly [K in keyof ProductOps]: CostRule<K> } = {
  matmul: ([a], { transposeA }, [y]) => ({ multiplyAdds: sizeOf(y) * (transposeA ? a.at(-2)! : a.at(-1)!) }),
  conv2d: ([x, w], attrs, [y]) => forward(x, w, y, attrs),
  conv2dBias: ([x, w], { activation, ...attrs }, [y]) => ({
    ...forward(x, w, y, attrs),
    others: (activation === "none" ? 1 : 2) * sizeOf(y),
  }),
  conv2dInputGrad: ([dy, w], attrs) => {
    const conv = convolution(attrs.inputShape, w, dy, attrs);
    return { multiplyAdds: conv.multiplyAdds, reads: [conv.y, conv.w] };
  },
  conv2dWeightGrad: ([x, dy], attrs) => {
    const conv = convolution(x, attrs.weightShape, dy, attrs);
    return { multiplyAdds: conv.multiplyAdds, reads: [conv.x, conv.y] };
  },
};
