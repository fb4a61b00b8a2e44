/**
 * Shapes, and operators that move numbers about without looking at them.
 */

import type { Tensor } from "../../../src/index.js";
import * as t from "../../../src/index.js";
import type { Call, OperatorTable } from "../call.js";
import { indexDType, Value } from "../elements.js";
import { axisOf, upTo } from "./steps.js";

const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);

const integers = (values: readonly number[], dims: readonly number[] = [values.length]): Value =>
  new Value({ values, dims, dtype: indexDType });

function reshape(call: Call): Tensor {
  const x = call.x(0);
  const wanted = call.list("shape", 1)!;
  const keepsZeros = call.int("allowzero", 0) === 1;
  return t.reshape(
    x,
    wanted.map((size, i) => (size === 0 && !keepsZeros ? x.shape[i]! : size)),
  );
}

function flatten(call: Call): Tensor {
  const x = call.x(0);
  const axis = axisOf(call.int("axis", 1), x.rank);
  return t.reshape(x, [product(x.shape.slice(0, axis)), product(x.shape.slice(axis))]);
}

/** Axes that are not named are whole; far bounds are cut to what is there. */
function slice(call: Call): Tensor {
  const x = call.x(0);
  const starts = call.list("starts", 1)!;
  const axes = (call.list("axes", 3) ?? upTo(starts.length)).map((axis) => axisOf(axis, x.rank));
  const ofAxes = (values: readonly number[] | null) =>
    upTo(x.rank).map((axis) => (values && axes.includes(axis) ? values[axes.indexOf(axis)]! : null));
  return t.stridedSlice(x, ofAxes(starts), ofAxes(call.list("ends", 2)), ofAxes(call.list("steps", 4)));
}

function split(call: Call): Tensor[] {
  const x = call.x(0);
  const axis = call.int("axis", 0);
  return t.split(x, call.list("split", 1) ?? x.shape.at(axis)! / call.outputs.length, axis);
}

/** Both broadcast: a size of 1 in `shape` keeps x's. */
function expand(call: Call): Tensor {
  const x = call.x(0);
  const wanted = call.value(1).numbers;
  const rank = Math.max(x.rank, wanted.length);
  const sizes = [x.shape, wanted].map((shape) => [...Array<number>(rank - shape.length).fill(1), ...shape]);
  return t.broadcastTo(
    x,
    upTo(rank).map((i) => (sizes[0]![i] === 1 ? sizes[1]![i]! : sizes[0]![i]!)),
  );
}

const padModes: { readonly [mode: string]: t.PadMode } = {
  constant: "constant",
  reflect: "reflect",
  edge: "replicate",
};

/** [before, after] of each axis; older versions write both as attributes. */
function pad(call: Call): Tensor {
  const x = call.x(0);
  const pads = call.list("pads", 1)!;
  return t.pad(
    x,
    upTo(x.rank).map((i) => [pads[i]!, pads[i + x.rank]!] as const),
    {
      mode: padModes[call.text("mode", "constant")]!,
      value: call.has(2) ? call.value(2).numbers[0]! : call.float("value", 0),
    },
  );
}

/** Channels of [N, C, H, W] in blocks: which of the two sizes runs faster is the mode. */
function depthToSpace(call: Call): Tensor {
  const [n, c, h, w] = call.x(0).shape as [number, number, number, number];
  const b = call.int("blocksize", 1);
  const isBlockFirst = call.text("mode", "DCR") === "DCR";
  const blocks = t.reshape(call.x(0), isBlockFirst ? [n, b, b, c / b / b, h, w] : [n, c / b / b, b, b, h, w]);
  return t.reshape(t.transpose(blocks, isBlockFirst ? [0, 3, 4, 1, 5, 2] : [0, 1, 4, 2, 5, 3]), [
    n,
    c / b / b,
    h * b,
    w * b,
  ]);
}

function spaceToDepth(call: Call): Tensor {
  const [n, c, h, w] = call.x(0).shape as [number, number, number, number];
  const b = call.int("blocksize", 1);
  const blocks = t.reshape(call.x(0), [n, c, h / b, b, w / b, b]);
  return t.reshape(t.transpose(blocks, [0, 3, 5, 1, 2, 4]), [n, c * b * b, h / b, w / b]);
}

/** 1 on the diagonal `k` above the main one. */
const onDiagonal = (rows: number, columns: number, k: number): Tensor =>
  t.equal(t.sub(t.arange(columns), t.reshape(t.arange(rows), [rows, 1])), k);

function trilu(call: Call): Tensor {
  const k = call.has(1) ? call.value(1).numbers[0]! : 0;
  return (call.int("upper", 1) === 1 ? t.triu : t.tril)(call.x(0), k);
}

function range(call: Call): Tensor {
  const [start, limit, delta] = upTo(3).map((i) => call.value(i).numbers[0]!) as [number, number, number];
  return t.arange(start, limit, delta, { dtype: call.x(0).dtype });
}

function constant(call: Call): readonly [Value] {
  const stored = call.stored("value");
  if (stored) return [stored];
  if (call.hasAttribute("value_int")) return [integers([call.int("value_int", 0)], [])];
  const ints = call.ints("value_ints") ?? [];
  if (ints.length > 0) return [integers(ints)];
  return [new Value({ values: [call.float("value_float", 0)], dims: [], dtype: "float32" })];
}

function constantOfShape(call: Call): Tensor {
  const filling = call.stored("value");
  const [value, dtype] = filling ? [filling.numbers[0]!, filling.tensor.dtype] : [0, "float32" as const];
  return t.full(call.value(0).numbers, value, { dtype });
}

function shapeOf(call: Call): readonly [Value] {
  const { shape } = call.value(0);
  // as Array's slice: from the end where negative, cut where beyond
  return [integers(shape.slice(call.int("start", 0), call.int("end", shape.length)))];
}

export const movement: OperatorTable = {
  Reshape: reshape,
  Flatten: flatten,
  Squeeze: (call) => t.squeeze(call.x(0), call.list("axes", 1) ?? undefined),
  Unsqueeze: (call) => t.unsqueeze(call.x(0), call.list("axes", 1)!),
  Transpose: (call) => t.transpose(call.x(0), call.ints("perm") ?? undefined),
  Concat: (call) => t.concat(call.tensors, call.int("axis", 1)),
  Slice: slice,
  Split: split,
  Expand: expand,
  Tile: (call) => t.tile(call.x(0), call.value(1).numbers),
  Pad: pad,
  DepthToSpace: depthToSpace,
  SpaceToDepth: spaceToDepth,
  Trilu: trilu,
  EyeLike: (call) => {
    const [rows, columns] = call.value(0).shape as [number, number];
    return t.cast(onDiagonal(rows, columns, call.int("k", 0)), call.dtype("dtype", call.x(0).dtype));
  },
  Range: range,
  Constant: constant,
  ConstantOfShape: constantOfShape,
  Shape: shapeOf,
  Size: (call) => [integers([product(call.value(0).shape)], [])],
};
