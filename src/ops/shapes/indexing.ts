import { checkShape, type Shape, showShape } from "../../tensor/shape.js";
import { ShapeError } from "../../util/errors.js";
import type { IndexingOps } from "../spec/indexing.js";
import { expectSame } from "./checks.js";
import type { ShapeRule } from "./rule.js";

/** Throws unless the shapes are alike but for `axis`, which they have. */
function expectAlong(where: string, x: Shape, indices: Shape, axis: number): void {
  if (axis < x.length && x.length === indices.length && x.every((dim, i) => i === axis || dim === indices[i])) return;
  throw new ShapeError(`${where}: ${showShape(x)} and ${showShape(indices)}, expected alike outside axis ${axis}`);
}

export const indexingShapes: { readonly [K in keyof IndexingOps]: ShapeRule<K> } = {
  gather: ([table, indices]) => {
    if (table.length === 0) throw new ShapeError("gather: the table is a scalar, expected [rows, ...]");
    return [[...indices, ...table.slice(1)]];
  },
  scatterAdd: ([dy, indices], { rows }) => {
    expectSame(dy.slice(0, indices.length), indices, "scatterAdd: leading axes of dy against indices");
    checkShape([rows], "scatterAdd: rows");
    return [[rows, ...dy.slice(indices.length)]];
  },
  takeAlongAxis: ([x, indices], { axis }) => {
    expectAlong("takeAlongAxis: x against indices", x, indices, axis);
    return [indices];
  },
  takeAlongAxisGrad: ([dy, indices], { axis, rows }) => {
    expectSame(dy, indices, "takeAlongAxisGrad: dy against indices");
    checkShape([rows], "takeAlongAxisGrad: rows");
    return [dy.map((dim, i) => (i === axis ? rows : dim))];
  },
  scatter: ([x, indices, src], { axis }) => {
    expectSame(src, indices, "scatter: src against indices");
    expectAlong("scatter: x against indices", x, indices, axis);
    return [x];
  },
};
