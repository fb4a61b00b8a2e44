import { type Shape, sizeOf } from "../../tensor/shape.js";
import { curveRows, formFlops, formOf, functionFlops } from "../curves.js";
import type { ActivationName, CurveAttrs, CurveOps } from "../spec/curves.js";
import { type Arithmetic, type CostRule, perOutput } from "./rule.js";

const ofActivation =
  (name: ActivationName, which: 0 | 1) =>
  (_: unknown, attrs: CurveAttrs["elu"], [y]: readonly [Shape]): Arithmetic => ({
    others: formFlops[formOf(name, attrs)][which] * sizeOf(y),
  });

export const curveCosts = curveRows<unknown>(
  (name) => perOutput(functionFlops[name]),
  (name) => ofActivation(name, 0),
  (name) => ofActivation(name, 1),
) as { readonly [K in keyof CurveOps]: CostRule<K> };
