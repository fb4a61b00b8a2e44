/**
 * Convolutions and pools of one, two and three spatial axes. Ours are two-dimensional with channels last: one axis gets a
 * neighbour of size 1, three are worked off as two and one.
 */

import type { Tensor } from "../../../src/index.js";
import * as t from "../../../src/index.js";
import type { Call, OperatorTable } from "../call.js";
import { Inexpressible } from "../inexpressible.js";
import { channelsFirst, channelsLast, upTo } from "./steps.js";
import { positions, take } from "./take.js";

/** A window along each spatial axis, and what is put around x before it moves. */
interface Window {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** How far the window reaches along an axis. */
const reach = (kernel: number, dilation: number): number => (kernel - 1) * dilation + 1;

/** ONNX's attributes; `auto_pad` asks for ceil(size / stride) results and puts an odd pixel on one side. */
function windowOf(call: Call, sizes: readonly number[], kernel: readonly number[]): Window {
  const stride = call.ints("strides") ?? sizes.map(() => 1);
  const dilation = call.ints("dilations") ?? sizes.map(() => 1);
  const automatic = call.text("auto_pad", "NOTSET");
  let pads = call.ints("pads") ?? sizes.flatMap(() => [0, 0]);
  if (automatic.startsWith("SAME")) {
    const totals = sizes.map((size, i) =>
      Math.max(0, (Math.ceil(size / stride[i]!) - 1) * stride[i]! + reach(kernel[i]!, dilation[i]!) - size),
    );
    const less = totals.map((total) => Math.floor(total / 2));
    const more = totals.map((total, i) => total - less[i]!);
    pads = automatic === "SAME_UPPER" ? [...less, ...more] : [...more, ...less];
  }
  const [before, after] = [pads.slice(0, sizes.length), pads.slice(sizes.length)];
  if (call.int("ceil_mode", 0) === 0) return { kernel, stride, dilation, before, after };
  // further pixels, until the last window that begins inside is whole
  const more = sizes.map((size, i) => {
    const free = size + before[i]! + after[i]! - reach(kernel[i]!, dilation[i]!);
    return Math.ceil(free / stride[i]!) * stride[i]! - free;
  });
  return { kernel, stride, dilation, before, after: after.map((pad, i) => pad + more[i]!) };
}

/** x [N, ...spatial, C] with pixels of `value` around it. */
const padded = (x: Tensor, { before, after }: Window, value: number): Tensor =>
  t.pad(x, [[0, 0], ...before.map((pad, i) => [pad, after[i]!] as const), [0, 0]], value);

const pairAt = (list: readonly number[], i: number) => [list[i]!, list[i + 1]!] as const;

/** x [N, ...spatial, C] and w [...kernel, C/groups, Cout], padded before. */
function convolve(x: Tensor, w: Tensor, window: Window, groups: number): Tensor {
  const { stride, dilation, kernel } = window;
  if (kernel.length === 1) {
    const y = t.conv2d(t.reshape(x, [x.shape[0]!, 1, ...x.shape.slice(1)]), t.reshape(w, [1, ...w.shape]), {
      stride: [1, stride[0]!],
      dilation: [1, dilation[0]!],
      groups,
    });
    return t.reshape(y, [y.shape[0]!, ...y.shape.slice(2)]);
  }
  if (kernel.length === 2) return t.conv2d(x, w, { stride: pairAt(stride, 0), dilation: pairAt(dilation, 0), groups });
  // the sum over the first axis of the kernel of two-dimensional convolutions
  const [n, depth] = x.shape as [number, number];
  const depths = Math.floor((depth - reach(kernel[0]!, dilation[0]!)) / stride[0]!) + 1;
  const options = { stride: pairAt(stride, 1), dilation: pairAt(dilation, 1), groups };
  const parts = upTo(kernel[0]!).map((k) => {
    const slices = take(x, positions(k * dilation[0]!, stride[0]!, depths), 1);
    const flat = t.reshape(slices, [n * depths, ...x.shape.slice(2)]);
    return t.conv2d(flat, t.reshape(t.slice(w, [k], [1]), w.shape.slice(1)), options);
  });
  const y = parts.reduce((a, b) => t.add(a, b));
  return t.reshape(y, [n, depths, ...y.shape.slice(1)]);
}

/** x [N, C, ...spatial], w [Cout, C/groups, ...kernel] -> [N, Cout, ...]. */
export function conv(call: Call, x: Tensor, w: Tensor): Tensor {
  const window = windowOf(call, x.shape.slice(2), w.shape.slice(2));
  const kernel = t.transpose(w, [...upTo(w.rank).slice(2), 1, 0]);
  return channelsFirst(convolve(padded(channelsLast(x), window, 0), kernel, window, call.int("group", 1)));
}

type Pool2d = (x: Tensor, kernel: readonly [number, number], options: { stride: readonly [number, number] }) => Tensor;

/** x [N, ...spatial, C], padded before: two axes at once, then the third. */
function poolAll(x: Tensor, { kernel, stride }: Window, pool: Pool2d): Tensor {
  const { shape } = x;
  if (kernel.length === 1) {
    const y = pool(t.reshape(x, [shape[0]!, 1, ...shape.slice(1)]), [1, kernel[0]!], { stride: [1, stride[0]!] });
    return t.reshape(y, [y.shape[0]!, ...y.shape.slice(2)]);
  }
  if (kernel.length === 2) return pool(x, pairAt(kernel, 0), { stride: pairAt(stride, 0) });
  const [n, d, , , c] = shape as [number, number, number, number, number];
  const planes = pool(t.reshape(x, [n * d, ...shape.slice(2)]), pairAt(kernel, 1), { stride: pairAt(stride, 1) });
  const [, h, w] = planes.shape as [number, number, number];
  const y = pool(t.reshape(planes, [n, d, h * w, c]), [kernel[0]!, 1], { stride: [stride[0]!, 1] });
  return t.reshape(y, [n, y.shape[1]!, h, w, c]);
}

function maxPool(call: Call): Tensor {
  const x = channelsLast(call.x(0));
  const window = windowOf(call, x.shape.slice(1, -1), call.ints("kernel_shape")!);
  if (window.dilation.some((step) => step !== 1)) throw new Inexpressible("missing: maxPool with dilation");
  if (call.outputs.length > 1) throw new Inexpressible("missing: maxPool with indices");
  return channelsFirst(poolAll(padded(x, window, x.dtype === "uint8" ? 0 : -Infinity), window, t.maxPool2d));
}

/** What lies outside does not count, unless the padding is asked to: means of the padded, over the share that is inside. */
function averagePool(call: Call): Tensor {
  const x = channelsLast(call.x(0));
  const window = windowOf(call, x.shape.slice(1, -1), call.ints("kernel_shape")!);
  const mean = poolAll(padded(x, window, 0), window, t.avgPool2d);
  if (call.int("count_include_pad", 0) === 1) return channelsFirst(mean);
  const inside = poolAll(padded(t.ones(x.shape, { dtype: x.dtype }), window, 0), window, t.avgPool2d);
  return channelsFirst(t.div(mean, inside));
}

const overSpace = (call: Call): number[] => upTo(call.x(0).rank).slice(2);

export const windows: OperatorTable = {
  Conv: (call) => {
    const y = conv(call, call.x(0), call.x(1));
    return call.has(2) ? t.add(y, t.reshape(call.x(2), [-1, ...upTo(y.rank - 2).map(() => 1)])) : y;
  },
  MaxPool: maxPool,
  AveragePool: averagePool,
  GlobalAveragePool: (call) => t.mean(call.x(0), overSpace(call), { keepDims: true }),
  GlobalMaxPool: (call) => t.max(call.x(0), overSpace(call), { keepDims: true }),
};
