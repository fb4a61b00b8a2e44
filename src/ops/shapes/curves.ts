import type { Shape } from "../../tensor/shape.js";
import { curveRows } from "../curves.js";
import type { CurveOps } from "../spec/curves.js";
import { expectSame } from "./checks.js";
import type { ShapeRule } from "./rule.js";

const first = ([x]: readonly [Shape, ...Shape[]]): [Shape] => [x];

export const curveShapes = curveRows<ShapeRule<keyof CurveOps>>(
  () => first,
  () => first,
  (name) =>
    ([dy, x]: readonly Shape[]) => {
      expectSame(dy!, x!, `${name}Grad`);
      return [dy!];
    },
) as { readonly [K in keyof CurveOps]: ShapeRule<K> };
