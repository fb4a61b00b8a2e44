/**
 * Convolutions as matrix products over windows (window-rows.ts): forward, input gradient and weight gradient for any
 * stride, padding, dilation and groups; 1x1 convolutions with stride 1 skip the windows, their input is the matrix.
 *
 * x [N, H, W, Cin], w [KH, KW, Cin/groups, Cout], y [N, OH, OW, Cout]; a group is a slice of channels of each.
 */
import type { Conv2dAttrs } from "../../../../../ops/spec/index.js";
import { callFill } from "../../blocks/copy.js";
import type { Epilogue } from "../../blocks/epilogue.js";
import type { HeapOperand, Lowering, Plan } from "../../plan.js";
import { gemm } from "../../products/gemm.js";
import { packedBytes } from "../../products/gemm-tile.js";
import { longReduction, type RowProducer } from "../../products/long-reduction.js";
import { pack } from "../../products/pack.js";
import { forwardWeights, forwardWindows, geometryOf } from "./geometry.js";
import { patchInputGrad } from "./patch-grad.js";
import { phasesOf } from "./phases.js";
import { type Scatter, windowProduct } from "./window-products.js";
import { defineWindowRows, type WindowSpec, windowFloats, windowTaps } from "./window-rows.js";

/** Of a weight gradient's window: 128 rows of them are 128 KiB, half of a small L2 cache. */
const WHOLE_WINDOW_FLOATS = 256;

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
  const windows = forwardWindows(g, attrs);
  const [k, n] = [windowFloats(windows), g.outPerGroup];
  const packed = plan.scratch(packedBytes(plan.target, k, n));
  for (let group = 0; group < attrs.groups; group++) {
    const source = x.pointer + 4 * group * g.inPerGroup;
    const at = 4 * group * n;
    const [c, place] = [y.pointer + at, 4 * g.cOut];
    const own = epilogue && { ...epilogue, bias: epilogue.bias + at };
    pack(plan, forwardWeights(g), w.pointer + at, packed);
    const rows = g.rows.out;
    if (g.isPointwise)
      gemm(plan, { m: rows, n, k, aRow: 4 * g.cIn, cRow: place }, source, packed, c, { epilogue: own });
    else windowProduct(plan, { windows, rows, n, x: source, b: packed, c, place, epilogue: own });
  }
  return true;
}

export const conv2dInputGrad: Lowering<"conv2dInputGrad"> = ([dy, w], attrs, [dx], plan) => {
  if (dx.dtype !== "float32") return false;
  if (patchInputGrad([dy, w], attrs, dx, plan)) return true;
  const g = geometryOf(dx.shape, w.shape, dy.shape, attrs);
  const n = g.inPerGroup;
  const phases = phasesOf(g, attrs);
  const packed = plan.scratch(
    Math.max(...phases.map(({ weights }) => packedBytes(plan.target, weights.taps * weights.depth, n))),
  );
  const pixelBytes = 4 * g.cIn;
  const lineBytes = g.image[1] * pixelBytes;
  if (phases.some(({ windows }) => !windows)) callFill(plan, dx, 0);
  for (const { windows, grid, first, weights, weightAt } of phases) {
    if (!windows) continue;
    const place: Scatter = {
      grid,
      imageBytes: g.image[0] * lineBytes,
      lineBytes: attrs.stride[0] * lineBytes,
      pixelBytes: attrs.stride[1] * pixelBytes,
    };
    const rows = g.images * grid[0] * grid[1];
    for (let group = 0; group < attrs.groups; group++) {
      const c = dx.pointer + first[0] * lineBytes + first[1] * pixelBytes + 4 * group * n;
      const x = dy.pointer + 4 * group * g.outPerGroup;
      pack(plan, weights, w.pointer + weightAt + 4 * group * g.outPerGroup, packed);
      const sizes = { m: rows, n, k: g.outPerGroup, aRow: 4 * g.cOut, cRow: pixelBytes };
      if (g.isPointwise) gemm(plan, sizes, x, packed, c);
      else windowProduct(plan, { windows, rows, n, x, b: packed, c, place: phases.length === 1 ? pixelBytes : place });
    }
  }
  return true;
};

/** Windows as rows of A: whole where a block of them fits the L2 cache, else tap by tap. */
function windowProducer(windows: WindowSpec): RowProducer {
  const isWhole = windowFloats(windows) <= WHOLE_WINDOW_FLOATS;
  const taps = windowTaps(windows);
  return {
    name: JSON.stringify(windows),
    pieces: isWhole ? 1 : taps.length,
    define: (m, piece) => defineWindowRows(m, isWhole ? windows : taps[piece]!),
  };
}

export const conv2dWeightGrad: Lowering<"conv2dWeightGrad"> = ([x, dy], attrs, [dw], plan) => {
  if (dw.dtype !== "float32") return false;
  const g = geometryOf(x.shape, dw.shape, dy.shape, attrs);
  const windows = forwardWindows(g, attrs);
  const i = windowFloats(windows);
  const producer = windowProducer(windows);
  for (let group = 0; group < attrs.groups; group++) {
    const sizes = {
      rows: g.rows.out,
      i,
      j: g.outPerGroup,
      aRow: g.isPointwise ? 4 * g.cIn : (4 * i) / producer.pieces,
      bRow: 4 * g.cOut,
      cRow: 4 * g.cOut,
      ...(g.isPointwise ? {} : { producer }),
    };
    const slice = 4 * group * g.outPerGroup;
    longReduction(plan, sizes, x.pointer + 4 * group * g.inPerGroup, dy.pointer + slice, dw.pointer + slice);
  }
  return true;
};
