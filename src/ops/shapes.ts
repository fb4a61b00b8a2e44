/**
 * Every op's output shapes, or a ShapeError that names both numbers. Kernels trust what passed here.
 */
import {
  broadcastShapes,
  checkShape,
  reducedShape,
  type Shape,
  sameShape,
  showShape,
  sizeOf,
} from "../tensor/shape.js";
import { ShapeError } from "../util/errors.js";
import { foldSizes, momentShapes, splitBranches } from "./branches.js";
import type { Attrs, Conv2dAttrs, OpName, OpSpecs, PerInput, PerOutput, Pool2dAttrs } from "./spec.js";

export type ShapeRule<K extends OpName> = (shapes: PerInput<K, Shape>, attrs: Attrs<K>) => PerOutput<K, Shape>;

/** Throws unless `shape` has as many axes as `axes` names, e.g. "[N, H, W, C]". */
function expectRank(shape: Shape, rank: number, where: string, axes: string): void {
  if (shape.length !== rank)
    throw new ShapeError(`${where} ${showShape(shape)} has ${shape.length} axes, expected ${rank}: ${axes}`);
}

function expectSame(a: Shape, b: Shape, where: string): void {
  if (!sameShape(a, b)) throw new ShapeError(`${where}: ${showShape(a)} and ${showShape(b)}, expected equal shapes`);
}

function expectIntegers(where: string, values: readonly number[]): void {
  if (!values.every(Number.isInteger)) throw new ShapeError(`${where} are ${values.join(", ")}, expected integers`);
}

/** The output size of a window sliding along one axis (torch.nn.Conv2d, "Shape"). */
export function windowOutput(size: number, kernel: number, stride: number, padding: number, dilation: number): number {
  return Math.floor((size + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1;
}

function windowShape(
  where: string,
  [n, h, w]: readonly number[],
  kernel: readonly number[],
  { stride, padding }: Pick<Conv2dAttrs, "stride" | "padding">,
  dilation: readonly number[],
): [number, number, number] {
  const checks = [...kernel, ...stride, ...dilation].every((v) => Number.isInteger(v) && v >= 1);
  if (!checks || padding.some((v) => !Number.isInteger(v) || v < 0))
    throw new ShapeError(
      `${where}: kernel ${showShape(kernel)}, stride ${showShape(stride)}, dilation ${showShape(dilation)}, padding ${showShape(padding)}, expected positive integers (padding from 0)`,
    );
  const oh = windowOutput(h!, kernel[0]!, stride[0], padding[0], dilation[0]!);
  const ow = windowOutput(w!, kernel[1]!, stride[1], padding[1], dilation[1]!);
  if (oh < 1 || ow < 1)
    throw new ShapeError(
      `${where}: a ${kernel[0]}x${kernel[1]} window (dilation ${showShape(dilation)}) does not fit an image of ${h}x${w} with padding ${showShape(padding)}`,
      "more padding or a larger image",
    );
  return [n!, oh, ow];
}

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

function pool2dShape(where: string, x: Shape, attrs: Pool2dAttrs): Shape {
  expectRank(x, 4, `${where}: input`, "[N, H, W, C]");
  attrs.kernelSize.forEach((k, i) => {
    if (attrs.padding[i]! * 2 > k)
      throw new ShapeError(`${where}: padding ${attrs.padding[i]} is more than half of kernelSize ${k}`);
  });
  return [...windowShape(where, x, attrs.kernelSize, attrs, [1, 1]), x[3]!];
}

function expectChannels(where: string, x: Shape, vectors: readonly Shape[]): void {
  const c = x[x.length - 1];
  if (c === undefined) throw new ShapeError(`${where}: input is a scalar, expected [..., C]`);
  for (const v of vectors)
    if (v.length !== 1 || v[0] !== c)
      throw new ShapeError(
        `${where}: input ${showShape(x)} has ${c} channels, a parameter has shape ${showShape(v)}, expected [${c}]`,
      );
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

const unary = ([x]: readonly [Shape]): [Shape] => [x];
const binary =
  (where: string) =>
  ([a, b]: readonly [Shape, Shape]): [Shape] => [broadcastShapes(a, b, where)];
const reduce =
  (where: string) =>
  ([x]: readonly [Shape], { axes, keepDims }: OpSpecs["sum"]["attrs"]): [Shape] => {
    if (where === "max" || where === "min") expectSomething(where, x, axes);
    return [reducedShape(x, axes, keepDims)];
  };
function expectSomething(where: string, x: Shape, axes: readonly number[]): void {
  if (axes.some((axis) => x[axis] === 0))
    throw new ShapeError(`${where}: ${showShape(x)} has no largest or smallest value along an axis of size 0`);
}
const alongAxis = ([x]: readonly [Shape]): [Shape] => [x];

export const inferShapes: { readonly [K in OpName]: ShapeRule<K> } = {
  neg: unary,
  abs: unary,
  sign: unary,
  floor: unary,
  ceil: unary,
  round: unary,
  exp: unary,
  log: unary,
  sqrt: unary,
  rsqrt: unary,
  square: unary,
  reciprocal: unary,
  sin: unary,
  cos: unary,
  tanh: unary,
  sigmoid: unary,
  relu: unary,
  cast: unary,

  add: binary("add"),
  sub: binary("sub"),
  mul: binary("mul"),
  div: binary("div"),
  pow: binary("pow"),
  maximum: binary("maximum"),
  minimum: binary("minimum"),
  equal: binary("equal"),
  notEqual: binary("notEqual"),
  less: binary("less"),
  lessEqual: binary("lessEqual"),
  greater: binary("greater"),
  greaterEqual: binary("greaterEqual"),
  reluGrad: ([dy, y]) => {
    expectSame(dy, y, "reluGrad");
    return [dy];
  },
  biasReluGrad: ([dy, y]) => {
    expectSame(dy, y, "biasReluGrad");
    return [dy, dy.slice(-1)];
  },
  where: ([mask, a, b]) => [broadcastShapes(mask, broadcastShapes(a, b, "where"), "where")],

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
  gather: ([table, indices]) => {
    if (table.length === 0) throw new ShapeError("gather: the table is a scalar, expected [rows, ...]");
    return [[...indices, ...table.slice(1)]];
  },
  scatterAdd: ([dy, indices], { rows }) => {
    expectSame(dy.slice(0, indices.length), indices, "scatterAdd: leading axes of dy against indices");
    checkShape([rows], "scatterAdd: rows");
    return [[rows, ...dy.slice(indices.length)]];
  },
  oneHot: ([indices], { depth }) => {
    checkShape([depth], "oneHot: depth");
    return [[...indices, depth]];
  },

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

  batchNorm: ([x, gamma, beta]) => {
    expectChannels("batchNorm", x, [gamma, beta]);
    const count = sizeOf(x.slice(0, -1));
    if (count < 2)
      throw new ShapeError(
        `batchNorm: input ${showShape(x)} has ${count} value per channel, training needs more than one`,
        "a larger batch, or model.eval()",
      );
    return [x, gamma, gamma];
  },
  batchNormGrad: ([dy, x, gamma, mean, variance]) => {
    expectSame(dy, x, "batchNormGrad");
    expectChannels("batchNormGrad", x, [gamma, mean, variance]);
    return [x, gamma, gamma];
  },
  batchNormEval: ([x, ...vectors]) => {
    expectChannels("batchNormEval", x, vectors);
    return [x];
  },

  patchMoments: ([x], attrs) => {
    expectRank(x, 4, "patchMoments: input", "[N, H, W, Cin]");
    windowShape("patchMoments", x, attrs.kernelSize, attrs, attrs.dilation);
    if (x[0] === 0)
      throw new ShapeError(
        `patchMoments: input ${showShape(x)} has no patches, training needs at least one image`,
        "a larger batch, or model.eval()",
      );
    return momentShapes(x, attrs);
  },
  patchMomentsGrad: ([x, mean, dmean, dcovariance], attrs) => {
    const [first, second] = momentShapes(x, attrs);
    expectSame(mean, first, "patchMomentsGrad: mean");
    expectSame(dmean, first, "patchMomentsGrad: dmean");
    expectSame(dcovariance, second, "patchMomentsGrad: dcovariance");
    return [x];
  },
  foldBranches: ([mean, covariance, ...branches], attrs) => {
    const { branches: count, inPerGroup, cOut, k } = foldSizes("foldBranches", mean[1]!, branches, attrs);
    expectSame(mean, [attrs.groups, k], "foldBranches: mean");
    expectSame(covariance, [attrs.groups, k, k], "foldBranches: covariance");
    const statistics = [count, cOut];
    return [[...attrs.kernelSize, inPerGroup, cOut], [cOut], statistics, statistics, [count, k, cOut]];
  },
  foldBranchesGrad: ([dweight, dbias, mean, variances, projections, ...branches], attrs) => {
    const { kernels } = splitBranches(branches, attrs);
    const { branches: count, inPerGroup, cOut, k } = foldSizes("foldBranchesGrad", mean[1]!, branches, attrs);
    expectSame(dweight, [...attrs.kernelSize, inPerGroup, cOut], "foldBranchesGrad: dweight");
    expectSame(dbias, [cOut], "foldBranchesGrad: dbias");
    expectSame(mean, [attrs.groups, k], "foldBranchesGrad: mean");
    expectSame(variances, [count, cOut], "foldBranchesGrad: variances");
    expectSame(projections, [count, k, cOut], "foldBranchesGrad: projections");
    return [variances, ...kernels.filter((kernel) => kernel !== null)];
  },
  foldMomentsGrad: ([dgammas, dbias, weight, variances, ...branches], attrs) => {
    const sizes = foldSizes("foldMomentsGrad", sizeOf(weight.slice(0, 3)), branches, attrs);
    const { branches: count, inPerGroup, cOut, k } = sizes;
    expectSame(weight, [...attrs.kernelSize, inPerGroup, cOut], "foldMomentsGrad: weight");
    expectSame(dbias, [cOut], "foldMomentsGrad: dbias");
    expectSame(dgammas, [count, cOut], "foldMomentsGrad: dgammas");
    expectSame(variances, [count, cOut], "foldMomentsGrad: variances");
    return [
      [attrs.groups, k],
      [attrs.groups, k, k],
    ];
  },
};
