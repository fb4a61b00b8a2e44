import { apply } from "../../ops/apply.js";
import type { OrderOps } from "../../ops/spec/orders.js";
import { type Entry, fromShapes } from "./entry.js";

export const orderGradients: { readonly [K in keyof OrderOps]: Entry<K> | null } = {
  argsort: null,
  cumsum: fromShapes(([dy], _, { axis, reverse, exclusive }) => [
    () => apply("cumsum", [dy], { axis, reverse: !reverse, exclusive })[0],
  ]),
};
