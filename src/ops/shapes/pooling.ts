import type { Shape } from "../../tensor/shape.js";
import { ShapeError } from "../../util/errors.js";
import type { Pool2dAttrs } from "../spec/index.js";
import type { PoolingOps } from "../spec/pooling.js";
import { windowOutput } from "../window-output.js";
import { ceilOutput, expectRank, expectSame, expectSomething, windowShape } from "./checks.js";
import type { ShapeRule } from "./rule.js";

const ONCE = [1, 1] as const;

function pool2dShape(where: string, x: Shape, attrs: Pool2dAttrs): Shape {
  expectRank(x, 4, `${where}: input`, "[N, H, W, C]");
  const { kernelSize, padding, paddingEnd = padding, dilation = ONCE, ceilMode = false } = attrs;
  for (const axis of [0, 1] as const) {
    const kernel = kernelSize[axis];
    const reach = dilation[axis] * (kernel - 1) + 1;
    for (const width of [padding[axis], paddingEnd[axis]])
      if (width < 0 || width * 2 > reach)
        throw new ShapeError(
          width < 0
            ? `${where}: padding ${width}, expected 0 or more`
            : `${where}: padding ${width} is more than half of kernelSize ${kernel}${reach === kernel ? "" : ` (${reach} with dilation ${dilation[axis]})`}`,
        );
  }
  return [...windowShape(where, x, kernelSize, attrs, dilation, ceilMode ? ceilOutput : windowOutput), x[3]!];
}

function maxPool2dShape(where: string, x: Shape, attrs: Pool2dAttrs): Shape {
  const y = pool2dShape(where, x, attrs);
  expectSomething(where, x, [1, 2]);
  return y;
}

export const poolingShapes: { readonly [K in keyof PoolingOps]: ShapeRule<K> } = {
  avgPool2d: ([x], attrs) => {
    const { divisorOverride = null } = attrs;
    if (divisorOverride !== null && !(Number.isFinite(divisorOverride) && divisorOverride !== 0))
      throw new ShapeError(`avgPool2d: divisorOverride ${divisorOverride}, expected a number other than 0`);
    return [pool2dShape("avgPool2d", x, attrs)];
  },
  avgPool2dGrad: ([dy], attrs) => {
    expectSame(
      dy,
      pool2dShape("avgPool2dGrad", attrs.inputShape, attrs),
      "avgPool2dGrad: dy against the forward output",
    );
    return [attrs.inputShape];
  },
  maxPool2d: ([x], attrs) => [maxPool2dShape("maxPool2d", x, attrs)],
  maxPool2dGrad: ([dy, x], attrs) => {
    expectSame(dy, pool2dShape("maxPool2dGrad", x, attrs), "maxPool2dGrad: dy against the forward output");
    return [x];
  },
  maxPool2dIndices: ([x], attrs) => [maxPool2dShape("maxPool2dIndices", x, attrs)],
};
