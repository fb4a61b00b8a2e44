/**
 * Checks that rules of several chapters share, and the size that a sliding window leaves.
 */

import { type Shape, sameShape, showShape } from "../../tensor/shape.js";
import { ShapeError } from "../../util/errors.js";
import type { Conv2dAttrs } from "../spec/index.js";
import { windowOutput } from "../window-output.js";

/** Throws unless `shape` has as many axes as `axes` names, e.g. "[N, H, W, C]". */
export function expectRank(shape: Shape, rank: number, where: string, axes: string): void {
  if (shape.length !== rank)
    throw new ShapeError(`${where} ${showShape(shape)} has ${shape.length} axes, expected ${rank}: ${axes}`);
}

export function expectSame(a: Shape, b: Shape, where: string): void {
  if (!sameShape(a, b)) throw new ShapeError(`${where}: ${showShape(a)} and ${showShape(b)}, expected equal shapes`);
}

export function expectIntegers(where: string, values: readonly number[]): void {
  if (!values.every(Number.isInteger)) throw new ShapeError(`${where} are ${values.join(", ")}, expected integers`);
}

/** The same with one window more where some pixels are left over, if it starts on the image or in front of it (ceil_mode). */
export function ceilOutput(
  size: number,
  kernel: number,
  stride: number,
  padding: number,
  dilation: number,
  paddingEnd = padding,
): number {
  const most = windowOutput(size + stride - 1, kernel, stride, padding, dilation, paddingEnd);
  return (most - 1) * stride >= size + padding ? most - 1 : most;
}

const areFrom = (least: number, [h, w]: readonly number[]): boolean =>
  Number.isInteger(h) && Number.isInteger(w) && h! >= least && w! >= least;

export function windowShape(
  where: string,
  [n, h, w]: readonly number[],
  kernel: readonly number[],
  { stride, padding, paddingEnd = padding }: Pick<Conv2dAttrs, "stride" | "padding" | "paddingEnd">,
  dilation: readonly number[],
  outputOf = windowOutput,
): [number, number, number] {
  if (!(areFrom(1, kernel) && areFrom(1, stride) && areFrom(1, dilation) && areFrom(0, padding)))
    throw new ShapeError(
      `${where}: kernel ${showShape(kernel)}, stride ${showShape(stride)}, dilation ${showShape(dilation)}, padding ${showShape(padding)}, expected positive integers (padding from 0)`,
    );
  // a transposed convolution may leave rows out at the end
  if (!paddingEnd.every(Number.isInteger))
    throw new ShapeError(`${where}: padding at the end ${showShape(paddingEnd)}, expected integers`);
  const oh = outputOf(h!, kernel[0]!, stride[0], padding[0], dilation[0]!, paddingEnd[0]);
  const ow = outputOf(w!, kernel[1]!, stride[1], padding[1], dilation[1]!, paddingEnd[1]);
  if (oh < 1 || ow < 1)
    throw new ShapeError(
      `${where}: a ${kernel[0]}x${kernel[1]} window (dilation ${showShape(dilation)}) does not fit an image of ${h}x${w} with padding ${showShape(padding)}${paddingEnd === padding ? "" : ` and ${showShape(paddingEnd)}`}`,
      "more padding or a larger image",
    );
  return [n!, oh, ow];
}

export function expectChannels(where: string, x: Shape, vectors: readonly Shape[]): void {
  const c = x[x.length - 1];
  if (c === undefined) throw new ShapeError(`${where}: input is a scalar, expected [..., C]`);
  for (const v of vectors)
    if (v.length !== 1 || v[0] !== c)
      throw new ShapeError(
        `${where}: input ${showShape(x)} has ${c} channels, a parameter has shape ${showShape(v)}, expected [${c}]`,
      );
}

export function expectSomething(where: string, x: Shape, axes: readonly number[]): void {
  if (axes.some((axis) => x[axis] === 0))
    throw new ShapeError(`${where}: ${showShape(x)} has no largest or smallest value along an axis of size 0`);
}
