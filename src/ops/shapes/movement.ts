import { broadcastShapes, checkShape, type Shape, sameShape, showShape, sizeOf } from "../../tensor/shape.js";
import { ShapeError } from "../../util/errors.js";
import type { MovementOps, StridedAttrs } from "../spec/movement.js";
import { expectIntegers } from "./checks.js";
import type { ShapeRule } from "./rule.js";

/** Throws unless `size` elements, `step` apart, lie inside `x` along every axis. */
function expectStrided(where: string, x: Shape, size: Shape, { begin, step }: StridedAttrs): void {
  expectIntegers(`${where}: begin, size and step`, [...begin, ...size, ...step]);
  const isInside = (dim: number, i: number): boolean => {
    const last = begin[i]! + (size[i]! - 1) * step[i]!;
    const reachesIn = (at: number) => at >= 0 && at < dim;
    return step[i] !== 0 && size[i]! >= 0 && (size[i] === 0 || (reachesIn(begin[i]!) && reachesIn(last)));
  };
  const hasAll = [begin, size, step].every((list) => list.length === x.length);
  if (!hasAll || !x.every(isInside))
    throw new ShapeError(
      `${where}: begin ${showShape(begin)}, size ${showShape(size)}, step ${showShape(step)} reach outside ${showShape(x)}`,
    );
}

export const movementShapes: { readonly [K in keyof MovementOps]: ShapeRule<K> } = {
  broadcastTo: ([x], { shape }) => {
    if (!sameShape(broadcastShapes(x, shape, "broadcastTo"), shape))
      throw new ShapeError(`broadcastTo: ${showShape(x)} does not expand to ${showShape(shape)}`);
    return [shape];
  },
  reshape: ([x], { shape }) => {
    if (sizeOf(x) !== sizeOf(shape))
      throw new ShapeError(`reshape: ${showShape(x)} has ${sizeOf(x)} elements, ${showShape(shape)} ${sizeOf(shape)}`);
    return [shape];
  },
  transpose: ([x], { perm }) => {
    if (perm.length !== x.length || [...perm].sort((a, b) => a - b).some((axis, i) => axis !== i))
      throw new ShapeError(
        `transpose: perm ${showShape(perm)} is not an order of the ${x.length} axes of ${showShape(x)}`,
      );
    return [perm.map((axis) => x[axis]!)];
  },
  slice: ([x], { begin, size }) => {
    const isInside = x.every((dim, i) => begin[i]! >= 0 && size[i]! >= 0 && begin[i]! + size[i]! <= dim);
    expectIntegers("slice: begin and size", [...begin, ...size]);
    if (begin.length !== x.length || size.length !== x.length || !isInside)
      throw new ShapeError(`slice: begin ${showShape(begin)}, size ${showShape(size)} reach outside ${showShape(x)}`);
    return [size];
  },
  stridedSlice: ([x], attrs) => {
    expectStrided("stridedSlice", x, attrs.size, attrs);
    return [attrs.size];
  },
  stridedSliceGrad: ([dy], attrs) => {
    checkShape(attrs.inputShape, "stridedSliceGrad: inputShape");
    expectStrided("stridedSliceGrad", attrs.inputShape, dy, attrs);
    return [attrs.inputShape];
  },
  pad: ([x], { before, after }) => {
    expectIntegers("pad: before and after", [...before, ...after]);
    if (before.length !== x.length || after.length !== x.length || [...before, ...after].some((v) => v < 0))
      throw new ShapeError(`pad: before ${showShape(before)}, after ${showShape(after)} do not fit ${showShape(x)}`);
    return [x.map((dim, i) => before[i]! + dim + after[i]!)];
  },
  concat: (shapes, { axis }) => {
    const [first, ...rest] = shapes;
    const isFit = (s: Shape) => s.length === first.length && s.every((dim, i) => i === axis || dim === first[i]);
    const odd = rest.find((s) => !isFit(s));
    if (odd) throw new ShapeError(`concat: ${showShape(first)} and ${showShape(odd)} differ outside axis ${axis}`);
    return [first.map((dim, i) => (i === axis ? shapes.reduce((total, s) => total + s[axis]!, 0) : dim))];
  },
  oneHot: ([indices], { depth }) => {
    checkShape([depth], "oneHot: depth");
    return [[...indices, depth]];
  },
};
