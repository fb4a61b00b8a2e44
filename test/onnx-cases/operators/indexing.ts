/**
 * Gathering and scattering by indices, one-hot codes, reversed runs. Positions within a tensor are computed on the backend.
 */

import type { Tensor } from "../../../src/index.js";
import * as t from "../../../src/index.js";
import type { Call, OperatorTable } from "../call.js";
import { axisOf, moveAxis, upTo } from "./steps.js";
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

/** Places in x, as one list, of elements that lie as those of `indices`, but along `axis` where these say. */
function placesAlong(x: readonly number[], indices: Tensor, axis: number): Tensor {
  const steps = strides(x);
  const others = upTo(x.length).filter((i) => i !== axis);
  return others.reduce(
    (places, i) => t.add(places, t.mul(coordinate(indices.shape, i), steps[i]!)),
    t.mul(fromStart(indices, x[axis]!), steps[axis]!),
  );
}

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
  return t.gather(t.reshape(x, [-1]), placesAlong(x.shape, call.x(1), axisOf(call.int("axis", 0), x.rank)));
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
  return t.gather(t.reshape(x, [-1]), placesAlong(x.shape, t.broadcastTo(from, x.shape), timeAxis));
}

export const indexing: OperatorTable = {
  Gather: (call) => {
    const x = call.x(0);
    const axis = axisOf(call.int("axis", 0), x.rank);
    return take(x, fromStart(call.x(1), x.shape[axis]!), axis);
  },
  GatherElements: gatherElements,
  GatherND: gatherNd,
  OneHot: oneHot,
  ReverseSequence: reverseSequence,
};
