/**
 * The input gradient of a convolution whose windows tile the image (a patch embedding, a halving of ConvNeXt): every pixel lies in one
 * window, so that the gradient is one product, whose rows are patches, and a copy that puts patches into the image. Windows over
 * dy would hold KH · KW − 1 zeros for every number.
 *
 * dy [N·OH·OW, Cout] · w [KH·KW·Cin, Cout]ᵀ -> patches [N·OH, OW, KH, KW·Cin] -> dx [N·OH, KH, OW, KW·Cin].
 */
import type { Conv2dAttrs } from "../../../../../ops/spec/index.js";
import { stridesOf } from "../../../../../tensor/shape.js";
import { callBoxCopy, isBoxCopyable } from "../../move/box.js";
import type { HeapOperand, Plan } from "../../plan.js";
import { gemm } from "../../products/gemm.js";
import { packedBytes } from "../../products/gemm-tile.js";
import { matrixSource, pack } from "../../products/pack.js";

/** Runs where windows tile the image and there are several pixels in each; false elsewhere. */
export function patchInputGrad(
  [dy, w]: readonly [HeapOperand, HeapOperand],
  { stride, padding, paddingEnd = padding, dilation, groups }: Conv2dAttrs,
  dx: HeapOperand,
  plan: Plan,
): boolean {
  const [kh, kw, cIn, cOut] = w.shape as [number, number, number, number];
  const [n, oh, ow] = dy.shape as [number, number, number];
  const isTiled =
    [...padding, ...paddingEnd].every((width) => width === 0) &&
    [kh, kw].every((size, i) => size === stride[i] && dilation[i] === 1) &&
    dx.shape[1] === oh * kh &&
    dx.shape[2] === ow * kw;
  if (!isTiled || groups !== 1 || kh * kw === 1) return false;
  if (dx.size === 0) return false;
  const shape = [n * oh, kh, ow, kw * cIn];
  const [image, , column] = stridesOf([n * oh, ow, kh, kw * cIn]) as [number, number, number];
  const steps = [image, column, kh * column, 1];
  const sizes = { m: n * oh * ow, n: kh * kw * cIn, k: cOut };
  const patches = { pointer: plan.scratch(4 * sizes.m * sizes.n), steps };
  const pixels = { pointer: dx.pointer, steps: stridesOf(shape) };
  if (!isBoxCopyable(shape, patches, pixels)) return false;
  const packed = plan.scratch(packedBytes(plan.target, sizes.k, sizes.n));
  pack(plan, matrixSource(sizes.k, sizes.n, true), w.pointer, packed);
  gemm(plan, sizes, dy.pointer, packed, patches.pointer);
  callBoxCopy(plan, shape, patches, pixels, 4);
  return true;
}
