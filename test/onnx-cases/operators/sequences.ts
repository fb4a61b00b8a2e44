/**
 * Sequences, which are arrays of tensors, and control flow, which is JavaScript's: the body of a loop runs once for each turn.
 */
import type { Tensor } from "../../../src/index.js";
import * as t from "../../../src/index.js";
import type { Call, Edge, OperatorTable } from "../call.js";
import { indexDType, Value } from "../elements.js";
import { axisOf, upTo } from "./steps.js";

type Sequence = readonly Value[];

const scalar = (value: number, dtype: t.DType = indexDType): Value => new Value({ values: [value], dims: [], dtype });

/** Where a call says, from the end where negative; `otherwise` where it does not. */
function placeIn(call: Call, i: number, length: number, otherwise: number): number {
  if (!call.has(i)) return otherwise;
  const place = call.value(i).numbers[0]!;
  return place < 0 ? place + length : place;
}

function splitToSequence(call: Call): [Sequence] {
  const x = call.x(0);
  const axis = axisOf(call.int("axis", 0), x.rank);
  const size = x.shape[axis]!;
  const given = call.has(1) ? call.value(1) : scalar(1);
  const [step] = given.numbers as [number];
  const counts =
    given.shape.length > 0 ? given.numbers : upTo(Math.ceil(size / step)).map((i) => Math.min(step, size - i * step));
  const keepsAxis = call.has(1) || call.int("keepdims", 1) === 1;
  let start = 0;
  const parts = counts.map((count) => {
    const part = t.slice(
      x,
      upTo(axis + 1).map((i) => (i === axis ? start : 0)),
      upTo(axis + 1).map((i) => (i === axis ? count : -1)),
    );
    start += count;
    return new Value(keepsAxis ? part : t.reshape(part, x.shape.toSpliced(axis, 1)));
  });
  return [parts];
}

function concatSequence(call: Call): Tensor {
  const join = call.int("new_axis", 0) === 1 ? t.stack : t.concat;
  return join(
    call.sequence(0).map(({ tensor }) => tensor),
    call.int("axis", 0),
  );
}

/** The body for the elements of all sequences at one place; tensors are the same for each. */
function sequenceMap(call: Call): Sequence[] {
  const body = call.graph("body");
  const turns = call.sequence(0).map((_, i) =>
    call.runBody(
      body,
      call.inputs.map((edge) => (Array.isArray(edge) ? (edge as Sequence)[i]! : edge)),
    ),
  );
  return call.outputs.map((_, k) => turns.map((outputs) => outputs[k] as Value));
}

const stackAll = (values: readonly Edge[]): Tensor => t.stack(values.map((value) => (value as Value).tensor));

/** Values that each turn hands to the next, then those that are collected along a new first axis. */
function loop(call: Call): Edge[] {
  const body = call.graph("body");
  const most = call.has(0) ? call.value(0).numbers[0]! : Infinity;
  let goesOn = call.has(1) ? call.value(1).numbers[0]! !== 0 : true;
  let carried = call.inputs.slice(2);
  const collected: Edge[][] = call.outputs.slice(carried.length).map(() => []);
  for (let turn = 0; turn < most && goesOn; turn++) {
    const [condition, ...rest] = call.runBody(body, [scalar(turn), scalar(1, "bool"), ...carried]);
    goesOn = (condition as Value).numbers[0]! !== 0;
    carried = rest.slice(0, carried.length);
    rest.slice(carried.length).forEach((value, k) => {
      collected[k]!.push(value);
    });
  }
  return [...carried, ...collected.map((values) => new Value(stackAll(values)))];
}

/** The body along the first axis of the last `scanned` inputs. */
function scanOnce(call: Call, inputs: readonly Edge[], scanned: number): Edge[] {
  const body = call.graph("body");
  let states = inputs.slice(0, inputs.length - scanned);
  const runs = inputs.slice(inputs.length - scanned).map((edge) => (edge as Value).tensor);
  const collected: Edge[][] = call.outputs.slice(states.length).map(() => []);
  for (let step = 0; step < runs[0]!.shape[0]!; step++) {
    const now = runs.map((x) => new Value(t.reshape(t.slice(x, [step], [1]), x.shape.slice(1))));
    const outputs = call.runBody(body, [...states, ...now]);
    states = outputs.slice(0, states.length);
    outputs.slice(states.length).forEach((value, k) => {
      collected[k]!.push(value);
    });
  }
  return [...states, ...collected.map((values) => new Value(stackAll(values)))];
}

/** Before version 9 all inputs have a batch axis, and lengths come first. */
function scan(call: Call): Edge[] {
  const scanned = call.int("num_scan_inputs", 1);
  if (call.opset >= 9) return scanOnce(call, call.inputs, scanned);
  const inputs = call.inputs.slice(1).map((edge) => (edge as Value).tensor);
  const items = upTo(inputs[0]!.shape[0]!).map((n) =>
    scanOnce(
      call,
      inputs.map((x) => new Value(t.reshape(t.slice(x, [n], [1]), x.shape.slice(1)))),
      scanned,
    ),
  );
  return call.outputs.map((_, k) => new Value(stackAll(items.map((outputs) => outputs[k]!))));
}

export const sequences: OperatorTable = {
  SequenceEmpty: () => [[]],
  SequenceConstruct: ({ inputs }) => [inputs as Sequence],
  SequenceInsert: (call) => {
    const list = call.sequence(0);
    return [list.toSpliced(placeIn(call, 2, list.length, list.length), 0, call.value(1))];
  },
  SequenceErase: (call) => {
    const list = call.sequence(0);
    return [list.toSpliced(placeIn(call, 1, list.length, list.length - 1), 1)];
  },
  SequenceAt: (call) => [call.sequence(0)[placeIn(call, 1, call.sequence(0).length, 0)]!],
  SequenceLength: (call) => [scalar(call.sequence(0).length)],
  SequenceMap: sequenceMap,
  SplitToSequence: splitToSequence,
  ConcatFromSequence: concatSequence,
  Optional: ({ inputs }) => [inputs[0] ?? null],
  OptionalGetElement: ({ inputs }) => [inputs[0]!],
  OptionalHasElement: ({ inputs }) => [scalar(inputs[0] ? 1 : 0, "bool")],
  If: (call) => call.runBody(call.graph(call.value(0).numbers[0] ? "then_branch" : "else_branch"), []),
  Loop: loop,
  Scan: scan,
};
