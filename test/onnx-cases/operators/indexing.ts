/**
 * Gathering and scattering by indices, one-hot codes, reversed runs. Positions within a tensor are computed on the backend.
 */

import type { Tensor } from "../../../src/index.js";
import * as t from "../../../src/index.js";
import type { Call, OperatorTable } from "../call.js";
import { Inexpressible } from "../inexpressible.js";
import { asIndex, axisOf, moveAxis, upTo } from "./steps.js";
import { fromStart, take } from "./take.js";

const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);

/** How many elements lie between neighbours of each axis. */
const strides = (shape: readonly number[]): number[] => shape.map((_, i) => product(shape.slice(i + 1)));

/** Where each element of `shape` lies along `axis`, broadcastable to it. */
const coordinate = (shape: readonly number[], axis: number): Tensor =>
  t.reshape(
    t.arange(shape[axis]!),
    shape.map((size, i) => (i === axis ? size : 1)),
  );

/** indices [...i, K], each row a position in the first K axes of `shape` -> places [...i] of blocks. */
function placesOfRows(shape: readonly number[], indices: Tensor): Tensor {
  const depth = indices.shape.at(-1)!;
  const steps = strides(shape.slice(0, depth));
  const last = indices.rank - 1;
  const parts = upTo(depth).map((k) => {
    const one = t.slice(indices, [...upTo(last).map(() => 0), k], [...upTo(last).map(() => -1), 1]);
    return t.mul(fromStart(t.reshape(one, indices.shape.slice(0, -1)), shape[k]!), steps[k]!);
  });
  return parts.reduce((a, b) => t.add(a, b));
}

function gatherElements(call: Call): Tensor {
  const x = call.x(0);
  const axis = axisOf(call.int("axis", 0), x.rank);
  return t.gather(x, axis, fromStart(call.x(1), x.shape[axis]!));
}

/** Written over, or added. */
function scatterElements(call: Call): Tensor {
  const x = call.x(0);
  const axis = axisOf(call.int("axis", 0), x.rank);
  const scatter = call.text("reduction", "none") === "add" ? t.scatterAdd : t.scatter;
  return scatter(x, axis, fromStart(call.x(1), x.shape[axis]!), call.x(2));
}

/** Blocks as rows, of which the indices choose some. */
function scatterNd(call: Call): Tensor {
  const [x, indices, updates] = [call.x(0), call.x(1), call.x(2)];
  const depth = indices.shape.at(-1)!;
  const width = product(x.shape.slice(depth));
  const places = t.reshape(placesOfRows(x.shape, indices), [-1, 1]);
  const index = t.broadcastTo(places, [places.size, width]);
  const rows = t.reshape(x, [-1, width]);
  const values = t.reshape(updates, [-1, width]);
  const reduction = call.text("reduction", "none");
  if (reduction === "mul") throw new Inexpressible("a scatter that multiplies: no op");
  const scatter = reduction === "add" ? t.scatterAdd : t.scatter;
  return t.reshape(scatter(rows, 0, index, values), x.shape);
}

/** Values at the positions in all of the output that indices say, 0 elsewhere. */
function maxUnpool(call: Call): Tensor {
  const [x, kernel] = [call.x(0), call.ints("kernel_shape")!];
  const pads = call.ints("pads") ?? kernel.flatMap(() => [0, 0]);
  const strides = call.ints("strides") ?? kernel.map(() => 1);
  const inferred = x.shape
    .slice(2)
    .map((size, i) => (size - 1) * strides[i]! + kernel[i]! - pads[i]! - pads[i + kernel.length]!);
  const made = [...x.shape.slice(0, 2), ...inferred];
  const places = t.reshape(t.cast(call.x(1), "int32"), [-1]);
  const flat = t.scatter(t.zeros([product(made)], { dtype: x.dtype }), 0, places, t.reshape(x, [-1]));
  const image = t.reshape(flat, made);
  // a larger output is the smaller one with zeros after it
  const shape = call.has(2) ? call.value(2).numbers : made;
  return t.pad(
    image,
    shape.map((size, i) => [0, size - made[i]!] as const),
  );
}

/** The first axes of both, which correspond, become one that is indexed too. */
function gatherNd(call: Call): Tensor {
  const [x, indices] = [call.x(0), call.x(1)];
  const batch = call.int("batch_dims", 0);
  const depth = indices.shape.at(-1)!;
  const rows = product(x.shape.slice(0, batch));
  const inner = x.shape.slice(batch, batch + depth);
  const places = placesOfRows(inner, t.reshape(indices, [rows, -1, depth]));
  const all = t.add(places, t.mul(t.reshape(t.arange(rows), [rows, 1]), product(inner)));
  const blocks = t.reshape(x, [rows * product(inner), ...x.shape.slice(batch + depth)]);
  return t.reshape(t.gather(blocks, all), [...indices.shape.slice(0, -1), ...x.shape.slice(batch + depth)]);
}

function oneHot(call: Call): Tensor {
  const depth = call.value(1).numbers[0]!;
  const [off, on] = call.value(2).numbers as [number, number];
  const hot = t.oneHot(fromStart(call.x(0), depth), depth, call.x(2).dtype);
  const axis = axisOf(call.int("axis", -1), hot.rank);
  return moveAxis(t.add(t.mul(hot, on - off), off), hot.rank - 1, axis);
}

/** The first `lengths[n]` steps of each run backwards, the others as they are. */
function reverseSequence(call: Call): Tensor {
  const x = call.x(0);
  const [timeAxis, batchAxis] = [call.int("time_axis", 0), call.int("batch_axis", 1)];
  const steps = coordinate(x.shape, timeAxis);
  const lengths = t.reshape(
    t.cast(call.x(1), "int32"),
    x.shape.map((size, i) => (i === batchAxis ? size : 1)),
  );
  const from = t.where(t.less(steps, lengths), t.sub(t.sub(lengths, steps), 1), steps);
  return t.gather(x, timeAxis, t.broadcastTo(from, x.shape));
}

/** Where the condition holds: along an axis, or of all elements in a row. */
function compress(call: Call): Tensor {
  const chosen = t.reshape(t.nonzero(call.x(1)), [-1]);
  return call.hasAttribute("axis")
    ? t.indexSelect(call.x(0), call.int("axis", 0), chosen)
    : t.indexSelect(t.reshape(call.x(0), [-1]), 0, chosen);
}

export const indexing: OperatorTable = {
  Gather: (call) => {
    const x = call.x(0);
    const axis = axisOf(call.int("axis", 0), x.rank);
    return take(x, fromStart(call.x(1), x.shape[axis]!), axis);
  },
  GatherElements: gatherElements,
  Scatter: scatterElements,
  ScatterElements: scatterElements,
  ScatterND: scatterNd,
  MaxUnpool: maxUnpool,
  Compress: compress,
  NonZero: (call) => asIndex(t.transpose(t.nonzero(call.x(0)))),
  GatherND: gatherNd,
  OneHot: oneHot,
  ReverseSequence: reverseSequence,
};
