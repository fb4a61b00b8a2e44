import { ShapeError } from "../../util/errors.js";
import type { OrderOps } from "../spec/orders.js";
import type { ShapeRule } from "./rule.js";

export const orderShapes: { readonly [K in keyof OrderOps]: ShapeRule<K> } = {
  cumsum: ([x]) => [x],
  argsort: ([x]) => {
    if (x.length === 0) throw new ShapeError("argsort: x is a scalar, expected at least one axis");
    return [x];
  },
};
