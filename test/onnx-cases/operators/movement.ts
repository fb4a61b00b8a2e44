/**
 * Shapes, and operators that move numbers about without looking at them.
 */

import type { Tensor } from "../../../src/index.js";
import * as t from "../../../src/index.js";
import type { Call, OperatorTable } from "../call.js";
import { Value } from "../elements.js";
import { Inexpressible } from "../inexpressible.js";
import { axisOf, upTo } from "./steps.js";
import { positions, take } from "./take.js";

const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);

const integers = (values: readonly number[], dims: readonly number[] = [values.length]): Value =>
  new Value({ values, dims, dtype: "int32" });

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

function squeeze(call: Call): Tensor {
  const x = call.x(0);
  const axes = call.list("axes", 1)?.map((axis) => axisOf(axis, x.rank));
  return t.reshape(
    x,
    x.shape.filter((size, i) => (axes ? !axes.includes(i) : size !== 1)),
  );
}

function unsqueeze(call: Call): Tensor {
  const x = call.x(0);
  const axes = call.list("axes", 1)!;
  const rank = x.rank + axes.length;
  const shape = [...x.shape];
  for (const axis of axes.map((axis) => axisOf(axis, rank)).sort((a, b) => a - b)) shape.splice(axis, 0, 1);
  return t.reshape(x, shape);
}

/** The block of [begin, end) along each axis, by steps, as Python's slices have it. */
function slice(call: Call): Tensor {
  let x = call.x(0);
  const starts = call.list("starts", 1)!;
  const ends = call.list("ends", 2)!;
  const axes = call.list("axes", 3) ?? upTo(starts.length);
  const steps = call.list("steps", 4) ?? starts.map(() => 1);
  axes.forEach((named, i) => {
    const axis = axisOf(named, x.rank);
    const size = x.shape[axis]!;
    const step = steps[i]!;
    const [low, high] = step > 0 ? [0, size] : [-1, size - 1];
    const clampTo = (at: number, least: number) => Math.min(Math.max(at < 0 ? at + size : at, least), high);
    const start = clampTo(starts[i]!, step > 0 ? 0 : 0);
    const end = clampTo(ends[i]!, low);
    x = take(x, positions(start, step, Math.max(0, Math.ceil((end - start) / step))), axis);
  });
  return x;
}

function split(call: Call): Tensor[] {
  const x = call.x(0);
  const axis = axisOf(call.int("axis", 0), x.rank);
  const parts = call.list("split", 1) ?? call.outputs.map(() => x.shape[axis]! / call.outputs.length);
  let start = 0;
  return parts.map((count) => {
    const begin = upTo(axis + 1).map((i) => (i === axis ? start : 0));
    const size = upTo(axis + 1).map((i) => (i === axis ? count : -1));
    start += count;
    return t.slice(x, begin, size);
  });
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

/** Every axis becomes two, the repetitions before it, and both become one. */
function tile(call: Call): Tensor {
  const x = call.x(0);
  const repeats = call.value(1).numbers;
  const apart = t.reshape(
    x,
    x.shape.flatMap((size) => [1, size]),
  );
  const repeated = t.broadcastTo(
    apart,
    x.shape.flatMap((size, i) => [repeats[i]!, size]),
  );
  return t.reshape(
    repeated,
    x.shape.map((size, i) => size * repeats[i]!),
  );
}

/** [before, after] of each axis; older versions write both as attributes. */
function pad(call: Call): Tensor {
  const x = call.x(0);
  const pads = call.list("pads", 1)!;
  const mode = call.text("mode", "constant");
  if (mode !== "constant") throw new Inexpressible(`missing: pad with mode ${mode}`);
  const value = call.has(2) ? call.value(2).numbers[0]! : call.float("value", 0);
  return t.pad(
    x,
    upTo(x.rank).map((i) => [pads[i]!, pads[i + x.rank]!] as const),
    value,
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
  const x = call.x(0);
  const k = call.has(1) ? call.value(1).numbers[0]! : 0;
  const [rows, columns] = x.shape.slice(-2) as [number, number];
  const distance = t.sub(t.arange(columns), t.reshape(t.arange(rows), [rows, 1]));
  const isKept = call.int("upper", 1) === 1 ? t.greaterEqual(distance, k) : t.lessEqual(distance, k);
  return t.where(isKept, x, 0);
}

function range(call: Call): Tensor {
  const [start, limit, delta] = upTo(3).map((i) => call.value(i).numbers[0]!) as [number, number, number];
  const count = Math.max(0, Math.ceil((limit - start) / delta));
  const { dtype } = call.x(0);
  return t.add(t.mul(t.arange(count, { dtype }), call.x(2)), call.x(0));
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
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Transpose: (call) => t.transpose(call.x(0), call.ints("perm") ?? undefined),
  Concat: (call) => t.concat(call.tensors, call.int("axis", 1)),
  Slice: slice,
  Split: split,
  Expand: expand,
  Tile: tile,
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
