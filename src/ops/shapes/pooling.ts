import type { Shape } from "../../tensor/shape.js";
import { ShapeError } from "../../util/errors.js";
import type { Pool2dAttrs } from "../spec/index.js";
import type { PoolingOps } from "../spec/pooling.js";
import { expectRank, expectSame, expectSomething, windowShape } from "./checks.js";
import type { ShapeRule } from "./rule.js";

function pool2dShape(where: string, x: Shape, attrs: Pool2dAttrs): Shape {
  expectRank(x, 4, `${where}: input`, "[N, H, W, C]");
  attrs.kernelSize.forEach((k, i) => {
    if (attrs.padding[i]! * 2 > k)
      throw new ShapeError(`${where}: padding ${attrs.padding[i]} is more than half of kernelSize ${k}`);
  });
  return [...windowShape(where, x, attrs.kernelSize, attrs, [1, 1]), x[3]!];
}

export const poolingShapes: { readonly [K in keyof PoolingOps]: ShapeRule<K> } = {
  avgPool2d: ([x], attrs) => [pool2dShape("avgPool2d", x, attrs)],
  avgPool2dGrad: ([dy], attrs) => {
    expectSame(
      dy,
      pool2dShape("avgPool2dGrad", attrs.inputShape, attrs),
      "avgPool2dGrad: dy against the forward output",
    );
    return [attrs.inputShape];
  },
  maxPool2d: ([x], attrs) => {
    const y = pool2dShape("maxPool2d", x, attrs);
    expectSomething("maxPool2d", x, [1, 2]);
    return [y];
  },
  maxPool2dGrad: ([dy, x], attrs) => {
    expectSame(dy, pool2dShape("maxPool2dGrad", x, attrs), "maxPool2dGrad: dy against the forward output");
    return [x];
  },
};
