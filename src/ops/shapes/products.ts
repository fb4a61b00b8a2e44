import { broadcastShapes, type Shape, showShape } from "../../tensor/shape.js";
import { ShapeError } from "../../util/errors.js";
import type { Attrs, Conv2dAttrs } from "../spec/index.js";
import type { ProductOps } from "../spec/products.js";
import { expectChannels, expectRank, expectSame, windowShape } from "./checks.js";
import type { ShapeRule } from "./rule.js";

function conv2dShape(x: Shape, w: Shape, attrs: Conv2dAttrs, where = "conv2d"): Shape {
  expectRank(x, 4, `${where}: input`, "[N, H, W, Cin]");
  expectRank(w, 4, `${where}: weight`, "[KH, KW, Cin/groups, Cout]");
  const [kh, kw, cPerGroup, cOut] = w as [number, number, number, number];
  const cIn = x[3]!;
  const { groups } = attrs;
  if (!Number.isInteger(groups) || groups < 1)
    throw new ShapeError(`${where}: groups is ${groups}, expected at least 1`);
  if (cIn !== cPerGroup * groups)
    throw new ShapeError(
      `${where}: input ${showShape(x)} has ${cIn} channels, weight ${showShape(w)} with groups=${groups} expects ${cPerGroup * groups}`,
      cIn % cPerGroup === 0 ? `groups=${cIn / cPerGroup} would fit` : undefined,
    );
  if (cOut % groups !== 0)
    throw new ShapeError(
      `${where}: weight ${showShape(w)} has ${cOut} output channels, not a multiple of groups=${groups}`,
    );
  return [...windowShape(where, x, [kh, kw], attrs, attrs.dilation), cOut];
}

function matmulShape(a: Shape, b: Shape, { transposeA, transposeB }: Attrs<"matmul">): Shape {
  if (a.length < 2 || b.length < 2)
    throw new ShapeError(
      `matmul: ${showShape(a)} and ${showShape(b)}, expected matrices of at least 2 axes`,
      "reshape a vector to [1, k] or [k, 1]",
    );
  const [m, kA] = transposeA ? [a.at(-1)!, a.at(-2)!] : [a.at(-2)!, a.at(-1)!];
  const [kB, n] = transposeB ? [b.at(-1)!, b.at(-2)!] : [b.at(-2)!, b.at(-1)!];
  if (kA !== kB) {
    const swapped = transposeB ? b.at(-2) : b.at(-1);
    throw new ShapeError(
      `matmul: a ${showShape(a)}${transposeA ? " transposed" : ""} has k = ${kA}, b ${showShape(b)}${transposeB ? " transposed" : ""} has k = ${kB}`,
      swapped === kA ? `transposeB: ${!transposeB} would fit` : undefined,
    );
  }
  return [...broadcastShapes(a.slice(0, -2), b.slice(0, -2), "matmul: batch axes"), m, n];
}

export const productsShapes: { readonly [K in keyof ProductOps]: ShapeRule<K> } = {
  matmul: ([a, b], attrs) => [matmulShape(a, b, attrs)],
  conv2d: ([x, w], attrs) => [conv2dShape(x, w, attrs)],
  conv2dBias: ([x, w, bias], attrs) => {
    const y = conv2dShape(x, w, attrs, "conv2dBias");
    expectChannels("conv2dBias: output", y, [bias]);
    return [y];
  },
  conv2dInputGrad: ([dy, w], attrs) => {
    expectSame(
      dy,
      conv2dShape(attrs.inputShape, w, attrs, "conv2dInputGrad"),
      "conv2dInputGrad: dy against the forward output",
    );
    return [attrs.inputShape];
  },
  conv2dWeightGrad: ([x, dy], attrs) => {
    expectSame(
      dy,
      conv2dShape(x, attrs.weightShape, attrs, "conv2dWeightGrad"),
      "conv2dWeightGrad: dy against the forward output",
    );
    return [attrs.weightShape];
  },
};
