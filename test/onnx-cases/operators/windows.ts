/**
 * Convolutions and pools of one, two and three spatial axes. Ours are two-dimensional with channels last: one axis gets a
 * neighbour of size 1, three are worked off as two and one.
 */

import type { Tensor } from "../../../src/index.js";
import * as t from "../../../src/index.js";
import type { Call, OperatorTable } from "../call.js";
import { Inexpressible } from "../inexpressible.js";
import { asIndex, channelsFirst, channelsLast, upTo } from "./steps.js";

type Pair = readonly [number, number];

/** A window along each spatial axis, and what is put around x before it moves. */
interface Window {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  /** [before, after]. */
  readonly pads: readonly Pair[];
}

/** How far the window reaches along an axis. */
const reach = (kernel: number, dilation: number): number => (kernel - 1) * dilation + 1;

/** ONNX's attributes; `auto_pad` asks for ceil(size / stride) results and puts an odd pixel on one side. */
function windowOf(call: Call, sizes: readonly number[], kernel: readonly number[]): Window {
  const stride = call.ints("strides") ?? sizes.map(() => 1);
  const dilation = call.ints("dilations") ?? sizes.map(() => 1);
  const automatic = call.text("auto_pad", "NOTSET");
  const given = call.ints("pads") ?? sizes.flatMap(() => [0, 0]);
  const pads = sizes.map((size, i): Pair => {
    if (!automatic.startsWith("SAME")) return [given[i]!, given[i + sizes.length]!];
    const outputs = Math.ceil(size / stride[i]!);
    const total = Math.max(0, (outputs - 1) * stride[i]! + reach(kernel[i]!, dilation[i]!) - size);
    const less = Math.floor(total / 2);
    return automatic === "SAME_UPPER" ? [less, total - less] : [total - less, less];
  });
  return { kernel, stride, dilation, pads };
}

/** The part of a window that lies along two neighbouring axes. */
const planeOf = ({ kernel, stride, dilation, pads }: Window, i: number) => ({
  kernelSize: [kernel[i]!, kernel[i + 1]!] as const,
  stride: [stride[i]!, stride[i + 1]!] as const,
  dilation: [dilation[i]!, dilation[i + 1]!] as const,
  padding: [pads[i]!, pads[i + 1]!] as const,
});

/** One axis as the second of two, the first of which has size 1. */
const asPlane = ({ kernel, stride, dilation, pads }: Window): Window => ({
  kernel: [1, ...kernel],
  stride: [1, ...stride],
  dilation: [1, ...dilation],
  pads: [[0, 0], ...pads],
});

const withoutAxis = (x: Tensor, axis: number): Tensor => t.reshape(x, x.shape.toSpliced(axis, 1));

/** x [N, ...spatial, C] and w [...kernel, C/groups, Cout]. */
function convolve(x: Tensor, w: Tensor, window: Window, groups: number): Tensor {
  if (window.kernel.length === 1)
    return withoutAxis(convolve(t.unsqueeze(x, 1), t.unsqueeze(w, 0), asPlane(window), groups), 1);
  if (window.kernel.length === 2) return t.conv2d(x, w, { ...planeOf(window, 0), groups });
  // the sum over the first axis of the kernel of two-dimensional convolutions
  const [kernel, stride, dilation] = [window.kernel[0]!, window.stride[0]!, window.dilation[0]!];
  const padded = t.pad(x, [[0, 0], window.pads[0]!, [0, 0], [0, 0], [0, 0]]);
  const [n, depth] = padded.shape as [number, number];
  const depths = Math.floor((depth - reach(kernel, dilation)) / stride) + 1;
  const parts = upTo(kernel).map((k) => {
    const slices = t.slice(padded, [0, k * dilation], [n, depths], [1, stride]);
    return t.conv2d(t.flatten(slices, 0, 1), t.select(w, 0, k), { ...planeOf(window, 1), groups });
  });
  return t.unflatten(
    parts.reduce((a, b) => t.add(a, b)),
    0,
    [n, depths],
  );
}

/** x [N, C, ...spatial], w [Cout, C/groups, ...kernel] -> [N, Cout, ...]. */
export function conv(call: Call, x: Tensor, w: Tensor): Tensor {
  const window = windowOf(call, x.shape.slice(2), w.shape.slice(2));
  const kernel = t.transpose(w, [...upTo(w.rank).slice(2), 1, 0]);
  return channelsFirst(convolve(channelsLast(x), kernel, window, call.int("group", 1)));
}

const withBias = (call: Call, y: Tensor): Tensor =>
  call.has(2) ? t.add(y, t.reshape(call.x(2), [-1, ...upTo(y.rank - 2).map(() => 1)])) : y;

/** What a transposed convolution does besides its kernel, an axis each. */
interface Turned {
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  /** Pixels that no window reaches, at the end. */
  readonly more: readonly number[];
}

/** x [N, ...spatial, Cin] and w [...kernel, Cout/groups, Cin], nothing cut off. */
function spread(x: Tensor, w: Tensor, { stride, dilation, more }: Turned, groups: number): Tensor {
  const plane = (i: number) => ({
    stride: [stride[i]!, stride[i + 1]!] as const,
    dilation: [dilation[i]!, dilation[i + 1]!] as const,
    outputPadding: [more[i]!, more[i + 1]!] as const,
    groups,
  });
  if (stride.length === 2) return t.convTranspose2d(x, w, plane(0));
  if (stride.length === 1) {
    const asRow = { stride: [1, ...stride], dilation: [1, ...dilation], more: [0, ...more] };
    return withoutAxis(spread(t.unsqueeze(x, 1), t.unsqueeze(w, 0), asRow, groups), 1);
  }
  // the sum over the first axis of the kernel: planes `stride` apart, moved on by the place in the kernel
  const [n, depth] = x.shape as [number, number];
  const kernel = w.shape[0]!;
  const parts = upTo(kernel).map((k) => {
    const planes = t.convTranspose2d(t.flatten(x, 0, 1), t.select(w, 0, k), plane(1));
    const apart = t.pad(t.unsqueeze(t.unflatten(planes, 0, [n, depth]), 2), [
      [0, 0],
      [0, 0],
      [0, stride[0]! - 1],
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
    const before = k * dilation[0]!;
    const after = (kernel - 1) * dilation[0]! - before - (stride[0]! - 1) + more[0]!;
    return t.pad(t.flatten(apart, 1, 2), [
      [0, 0],
      [before, after],
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
  });
  return parts.reduce((a, b) => t.add(a, b));
}

/** Nothing cut off, then what `pads`, `auto_pad` or `output_shape` cut off each side; what they add stays empty. */
function convTranspose(call: Call): Tensor {
  const [x, w] = [channelsLast(call.x(0)), call.x(1)];
  const sizes = x.shape.slice(1, -1);
  const kernel = w.shape.slice(2);
  const stride = call.ints("strides") ?? sizes.map(() => 1);
  const dilation = call.ints("dilations") ?? sizes.map(() => 1);
  const given = call.ints("pads") ?? sizes.flatMap(() => [0, 0]);
  const automatic = call.text("auto_pad", "NOTSET");
  const more = [...(call.ints("output_padding") ?? sizes.map(() => 0))];
  const wanted =
    call.ints("output_shape") ?? (automatic.startsWith("SAME") ? sizes.map((n, i) => n * stride[i]!) : null);
  const pads = sizes.map((size, i): Pair => {
    if (!wanted) return [given[i]!, given[i + sizes.length]!];
    const total = (size - 1) * stride[i]! + more[i]! + reach(kernel[i]!, dilation[i]!) - wanted[i]!;
    if (total < 0) more[i]! -= total;
    const less = Math.floor(Math.max(0, total) / 2);
    const rest = Math.max(0, total) - less;
    return automatic === "SAME_UPPER" ? [less, rest] : [rest, less];
  });
  const y = spread(
    x,
    t.transpose(w, [...upTo(w.rank).slice(2), 1, 0]),
    { stride, dilation, more },
    call.int("group", 1),
  );
  const cut = t.pad(y, [[0, 0], ...pads.map(([before, after]) => [-before, -after] as const), [0, 0]]);
  return withBias(call, channelsFirst(cut));
}

type Pool = (x: Tensor, kernelSize: Pair, options: t.AvgPool2dOptions) => Tensor;

/** x [N, ...spatial, C]: two axes at once, then the third. */
function poolAll(x: Tensor, window: Window, pool: Pool, options: t.AvgPool2dOptions): Tensor {
  const { kernel, stride, dilation, pads } = window;
  if (kernel.length === 1) return withoutAxis(poolAll(t.unsqueeze(x, 1), asPlane(window), pool, options), 1);
  const over = (images: Tensor, { kernelSize, ...plane }: ReturnType<typeof planeOf>) =>
    pool(images, kernelSize, { ...plane, ...options });
  if (kernel.length === 2) return over(x, planeOf(window, 0));
  const [n, d] = x.shape as [number, number];
  const planes = over(t.flatten(x, 0, 1), planeOf(window, 1));
  const [, h, w] = planes.shape as [number, number, number];
  const first = { kernel: [kernel[0]!, 1], stride: [stride[0]!, 1], dilation: [dilation[0]!, 1] };
  const columns = t.flatten(t.unflatten(planes, 0, [n, d]), 2, 3);
  return t.unflatten(over(columns, planeOf({ ...first, pads: [pads[0]!, [0, 0]] }, 0)), 2, [h, w]);
}

/** PyTorch's pools, and so ours, refuse padding of more than half a window: `value` is put around x before. */
function padded(x: Tensor, window: Window, value: number): { readonly x: Tensor; readonly window: Window } {
  const { kernel, pads } = window;
  if (pads.every(([before, after], i) => 2 * Math.max(before, after) <= kernel[i]!)) return { x, window };
  return { x: t.pad(x, [[0, 0], ...pads, [0, 0]], value), window: { ...window, pads: pads.map(() => [0, 0]) } };
}

/** Positions in images [N, H, W, C] of ours -> positions in all of [N, C, H, W], row by row or column by column. */
function inWholeTensor(places: Tensor, [, h, w, c]: readonly number[], byColumn: boolean): Tensor {
  const row = t.cast(t.floor(t.div(t.cast(places, "float64"), w!)), "int32");
  const column = t.sub(places, t.mul(row, w!));
  const inImage = byColumn ? t.add(t.mul(column, h!), row) : places;
  const images = t.reshape(t.arange(places.shape[0]! * c!), [places.shape[0]!, 1, 1, c!]);
  return asIndex(t.add(inImage, t.mul(images, h! * w!)));
}

function maxPool(call: Call): Tensor[] {
  const images = channelsLast(call.x(0));
  const { x, window } = padded(
    images,
    windowOf(call, images.shape.slice(1, -1), call.ints("kernel_shape")!),
    Number.NEGATIVE_INFINITY,
  );
  const options = { ceilMode: call.int("ceil_mode", 0) === 1 };
  const y = channelsFirst(poolAll(x, window, t.maxPool2d, options));
  if (call.outputs.length === 1) return [y];
  if (x !== images) throw new Inexpressible("positions of a maximum under padding of more than half a window");
  const places = poolAll(x, window, t.maxPool2dIndices, options);
  return [y, channelsFirst(inWholeTensor(places, x.shape, call.int("storage_order", 0) === 1))];
}

function averagePool(call: Call): Tensor {
  const images = channelsLast(call.x(0));
  const whole = windowOf(call, images.shape.slice(1, -1), call.ints("kernel_shape")!);
  const countIncludePad = call.int("count_include_pad", 0) === 1;
  const options = { ceilMode: call.int("ceil_mode", 0) === 1, countIncludePad };
  const { x, window } = padded(images, whole, 0);
  const y = poolAll(x, window, t.avgPool2d, options);
  if (x === images || countIncludePad) return channelsFirst(y);
  // of the padded: over the share of each window that is inside
  const inside = padded(t.ones(images.shape, { dtype: x.dtype }), whole, 0).x;
  return channelsFirst(t.div(y, poolAll(inside, window, t.avgPool2d, options)));
}

const overSpace = (call: Call): number[] => upTo(call.x(0).rank).slice(2);

export const windows: OperatorTable = {
  Conv: (call) => withBias(call, conv(call, call.x(0), call.x(1))),
  ConvTranspose: convTranspose,
  MaxPool: maxPool,
  AveragePool: averagePool,
  GlobalAveragePool: (call) => t.mean(call.x(0), overSpace(call), { keepDims: true }),
  GlobalMaxPool: (call) => t.max(call.x(0), overSpace(call), { keepDims: true }),
};
