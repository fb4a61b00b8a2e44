/**
 * Convolutions as matrix products over windows (window-rows.ts): forward, input gradient and weight gradient for any
 * stride, padding, dilation and groups; 1x1 convolutions with stride 1 skip the windows, their input is the matrix.
 *
 * x [N, H, W, Cin], w [KH, KW, Cin/groups, Cout], y [N, OH, OW, Cout]; a group is a slice of channels of each.
 */
import type { Conv2dAttrs, Pair } from "../../../../../ops/spec/index.js";
import type { Shape } from "../../../../../tensor/shape.js";
import { alignUp } from "../../../../../util/align-up.js";
import { type Epilogue, kindOf } from "../../blocks/epilogue.js";
import { blocksOf } from "../../blocks/tasks.js";
import { defineRangeKernel, specOf } from "../../define-kernel.js";
import type { HeapOperand, Lowering, Plan } from "../../plan.js";
import { gemm, taskRows } from "../../products/gemm.js";
import { blockRows, defineRows, packedBytes, type RowsSpec, tileRows } from "../../products/gemm-tile.js";
import { longReduction, type RowProducer } from "../../products/long-reduction.js";
import { type PackSource, pack } from "../../products/pack.js";
import { patchInputGrad } from "./patch-grad.js";
import { defineWindowRows, type WindowSpec, windowFloats } from "./window-rows.js";

/** Window rows made at a time: they should still be in the L1 or L2 cache when the product reads them. */
const WINDOW_BYTES = 1 << 16;

/** The sizes of one convolution. */
interface Geometry {
  readonly image: Pair;
  readonly out: Pair;
  readonly kernel: Pair;
  readonly rows: { readonly image: number; readonly out: number };
  readonly cIn: number;
  readonly cOut: number;
  readonly inPerGroup: number;
  readonly outPerGroup: number;
  readonly taps: number;
  /** 1x1, stride 1, no padding on any side: windows are pixels. */
  readonly isPointwise: boolean;
}

function geometryOf(x: Shape, w: Shape, y: Shape, { stride, padding, groups }: Conv2dAttrs): Geometry {
  const [n, h, width, cIn] = x as [number, number, number, number];
  const [kh, kw, inPerGroup, cOut] = w as [number, number, number, number];
  const [, oh, ow] = y as [number, number, number, number];
  return {
    image: [h, width],
    out: [oh, ow],
    kernel: [kh, kw],
    rows: { image: n * h * width, out: n * oh * ow },
    cIn,
    cOut,
    inPerGroup,
    outPerGroup: cOut / groups,
    taps: kh * kw,
    isPointwise: [kh, kw, ...stride].every((v) => v === 1) && padding.every((v) => v === 0) && oh === h && ow === width,
  };
}

const forwardWindows = (g: Geometry, { stride, padding, dilation }: Conv2dAttrs): WindowSpec => ({
  source: g.image,
  windows: g.out,
  kernel: g.kernel,
  stride,
  padding,
  dilation,
  spread: [1, 1],
  channels: g.cIn,
  taken: g.inPerGroup,
});

/** The windows over dy that reach one pixel of x; taps in reverse order, which turns the correlation round. */
const gradientWindows = (g: Geometry, { stride, padding, dilation }: Conv2dAttrs): WindowSpec => ({
  source: g.out,
  windows: g.image,
  kernel: g.kernel,
  stride: [1, 1],
  padding: [(g.kernel[0] - 1) * dilation[0] - padding[0], (g.kernel[1] - 1) * dilation[1] - padding[1]],
  dilation,
  spread: stride,
  channels: g.cOut,
  taken: g.outPerGroup,
});

/** W of one group as B [taps · inPerGroup, outPerGroup]. */
const forwardWeights = (g: Geometry): PackSource => ({
  taps: g.taps,
  depth: g.inPerGroup,
  n: g.outPerGroup,
  tapStep: 4 * g.inPerGroup * g.cOut,
  depthStep: 4 * g.cOut,
  columnStep: 4,
});

/** The same weights as B [taps · outPerGroup, inPerGroup], from the last tap to the first. */
const gradientWeights = (g: Geometry): PackSource => ({
  taps: g.taps,
  depth: g.outPerGroup,
  n: g.inPerGroup,
  tapStep: -4 * g.inPerGroup * g.cOut,
  depthStep: 4,
  columnStep: 4 * g.cOut,
});

interface WindowGemmSpec {
  readonly windows: WindowSpec;
  readonly rows: RowsSpec;
  readonly block: number;
  readonly rowsPerTask: number;
}

/** C[rows, n] = windows · B. A task is a run of rows, done in blocks whose windows fit the cache. */
const windowGemmKernel = defineRangeKernel(
  {
    name: "window gemm",
    spec: specOf<WindowGemmSpec>(),
    args: { x: "pointer", b: "pointer", c: "pointer", rows: "int", bias: "pointer" },
    scratchPerWorker: ({ block, rows: { aRow } }) => block * aRow,
  },
  ({ m, f, spec: { windows, rows: spec, block, rowsPerTask }, scratch }, { begin, end }, { x, b, c, rows, bias }) => {
    const own = f.int(scratch);
    const last = f.int(end.mul(rowsPerTask).min(rows));
    f.for(begin.mul(rowsPerTask), last, block, (row) => {
      const count = f.int(last.sub(row).min(block));
      f.call(defineWindowRows(m, windows), x, own, row, count);
      f.call(defineRows(m, spec), own, b, c.add(row.mul(spec.cRow)), count, bias);
    });
  },
);

/** For each group: C = windows(source) · packed B. `bAt` and the steps are bytes. */
function windowProducts(
  plan: Plan,
  groups: number,
  windows: WindowSpec,
  rows: number,
  weights: PackSource,
  pointers: { source: number; sourceStep: number; b: number; bStep: number; c: number; cStep: number; cRow: number },
  isPointwise: boolean,
  epilogue: Epilogue | null = null,
): void {
  const k = weights.taps * weights.depth;
  const { n } = weights;
  const packed = plan.scratch(packedBytes(plan.target, k, n));
  const block = blockRows(plan.target, 4 * windowFloats(windows), WINDOW_BYTES);
  for (let group = 0; group < groups; group++) {
    const source = pointers.source + group * pointers.sourceStep;
    const c = pointers.c + group * pointers.cStep;
    const own = epilogue && { ...epilogue, bias: epilogue.bias + group * 4 * n };
    pack(plan, weights, pointers.b + group * pointers.bStep, packed);
    if (isPointwise) {
      const sizes = { m: rows, n, k, aRow: 4 * windows.channels, cRow: pointers.cRow };
      gemm(plan, sizes, source, packed, c, { epilogue: own });
      continue;
    }
    const tail = rows % tileRows(plan.target);
    const spec: RowsSpec = {
      ...{ n, k, aRow: 4 * k, cRow: pointers.cRow, tail, directB: null, prefetch: false, epilogue: kindOf(own) },
    };
    const rowsPerTask = alignUp(taskRows(plan.target, n, k), block);
    windowGemmKernel.call(plan, {
      spec: { windows, rows: spec, block, rowsPerTask },
      tasks: blocksOf(rows, rowsPerTask),
      args: { x: source, b: packed, c, rows, bias: own?.bias ?? 0 },
    });
  }
}

/** y = x * w, and the epilogue on it; false where the case is declined. */
export function convolve(
  [x, w]: readonly [HeapOperand, HeapOperand],
  attrs: Conv2dAttrs,
  y: HeapOperand,
  plan: Plan,
  epilogue: Epilogue | null,
): boolean {
  if (y.dtype !== "float32") return false;
  const g = geometryOf(x.shape, w.shape, y.shape, attrs);
  const pointers = {
    source: x.pointer,
    sourceStep: 4 * g.inPerGroup,
    b: w.pointer,
    bStep: 4 * g.outPerGroup,
    c: y.pointer,
    cStep: 4 * g.outPerGroup,
    cRow: 4 * g.cOut,
  };
  const windows = forwardWindows(g, attrs);
  windowProducts(plan, attrs.groups, windows, g.rows.out, forwardWeights(g), pointers, g.isPointwise, epilogue);
  return true;
}

export const conv2dInputGrad: Lowering<"conv2dInputGrad"> = ([dy, w], attrs, [dx], plan) => {
  if (dx.dtype !== "float32") return false;
  if (patchInputGrad([dy, w], attrs, dx, plan)) return true;
  const g = geometryOf(dx.shape, w.shape, dy.shape, attrs);
  const pointers = {
    source: dy.pointer,
    sourceStep: 4 * g.outPerGroup,
    b: w.pointer + 4 * (g.taps - 1) * g.inPerGroup * g.cOut,
    bStep: 4 * g.outPerGroup,
    c: dx.pointer,
    cStep: 4 * g.inPerGroup,
    cRow: 4 * g.cIn,
  };
  const windows = gradientWindows(g, attrs);
  windowProducts(plan, attrs.groups, windows, g.rows.image, gradientWeights(g), pointers, g.isPointwise);
  return true;
};

export const conv2dWeightGrad: Lowering<"conv2dWeightGrad"> = ([x, dy], attrs, [dw], plan) => {
  if (dw.dtype !== "float32") return false;
  const g = geometryOf(x.shape, dw.shape, dy.shape, attrs);
  const windows = forwardWindows(g, attrs);
  const i = windowFloats(windows);
  const producer: RowProducer = {
    name: JSON.stringify(windows),
    define: (m) => defineWindowRows(m, windows),
  };
  for (let group = 0; group < attrs.groups; group++) {
    const sizes = {
      rows: g.rows.out,
      i,
      j: g.outPerGroup,
      aRow: g.isPointwise ? 4 * g.cIn : 4 * i,
      bRow: 4 * g.cOut,
      cRow: 4 * g.cOut,
      ...(g.isPointwise ? {} : { producer }),
    };
    const slice = 4 * group * g.outPerGroup;
    longReduction(plan, sizes, x.pointer + 4 * group * g.inPerGroup, dy.pointer + slice, dw.pointer + slice);
  }
  return true;
};
