import { reducedShape, type Shape } from "../../tensor/shape.js";
import type { OpSpecs } from "../spec/index.js";
import type { ReductionOps } from "../spec/reductions.js";
import { expectSomething } from "./checks.js";
import type { ShapeRule } from "./rule.js";

const reduce =
  (where: string) =>
  ([x]: readonly [Shape], { axes, keepDims }: OpSpecs["sum"]["attrs"]): [Shape] => {
    if (where === "max" || where === "min") expectSomething(where, x, axes);
    return [reducedShape(x, axes, keepDims)];
  };

const alongAxis = ([x]: readonly [Shape]): [Shape] => [x];

export const reductionsShapes: { readonly [K in keyof ReductionOps]: ShapeRule<K> } = {
  sum: reduce("sum"),
  mean: reduce("mean"),
  max: reduce("max"),
  min: reduce("min"),
  argmax: ([x], { axis }) => {
    expectSomething("argmax", x, [axis]);
    return [reducedShape(x, [axis], false)];
  },
  softmax: alongAxis,
  logSoftmax: alongAxis,
};
