/**
 * Runs a trace step by step, as its function would have: the first call of every structure, functions on backends that
 * cannot load programs, and functions that end with an error.
 */
import type { Runner } from "../ops/apply.js";
import { expectIndices, type IndexOp } from "../ops/indices.js";
import { type Resolved, resolveScalars } from "../ops/scalar.js";
import type { Attrs, OpName, UpdateAttrs, UpdateName } from "../ops/spec/index.js";
import type { Storage } from "../tensor/storage.js";
import { Tensor } from "../tensor/tensor.js";
import type { Step } from "./step.js";
import type { Trace } from "./trace.js";

/** Gives memory, and the values that the host has for it. */
export function materialize(storage: Storage, trace: Trace): void {
  if (storage.hasMemory) return;
  storage.materialize();
  const values = trace.constants.get(storage);
  if (values) storage.backend.write(storage.allocation, storage.dtype, 0, values);
}

/** Throws MemoryError for the first result that no memory holds. */
function expectRoom(steps: readonly Step[]): void {
  for (const { kind, op, runner, outputs } of steps)
    if (kind === "op") for (const { shape } of outputs) runner.expectRoom?.(op as OpName, shape);
}

/**
 * Runs all steps. Where one throws, changes of state that came after it are taken back; none runs where one of them has a
 * result that is too large.
 */
export function interpret(trace: Trace): void {
  const lastUse = new Map<Storage, number>();
  trace.steps.forEach(({ inputs, outputs }, at) => {
    for (const { home } of [...inputs, ...outputs]) if (!home.hasMemory) lastUse.set(home, at);
  });
  let at = -1;
  try {
    expectRoom(trace.steps);
    for (at = 0; at < trace.steps.length; at++) {
      const step = trace.steps[at]!;
      const operands = [...step.inputs, ...step.outputs];
      for (const { home } of operands) materialize(home, trace);
      runStep(step);
      for (const { home } of operands) if (home.isFreed && lastUse.get(home) === at) home.discard();
    }
    for (const storage of trace.survivors) materialize(storage, trace);
  } catch (error) {
    for (const { home } of trace.steps.flatMap(({ inputs, outputs }) => [...inputs, ...outputs]))
      if (home.isFreed && lastUse.has(home)) home.discard();
    trace.revert(at + 1);
    throw error;
  }
}

function runStep({ kind, op, runner, inputs, attrs, outputs }: Step): void {
  if (kind === "check") {
    const [{ home, offset, size }] = inputs as [Tensor];
    const values = runner.view!(home.allocation, home.dtype, offset, size);
    expectIndices(op as IndexOp, values, (attrs as { readonly limit: number }).limit);
    return;
  }
  const handles = (operands: readonly Tensor[]): Tensor[] =>
    operands.map(({ home, offset, shape }) => new Tensor(home, shape, offset));
  const [ins, outs] = [handles(inputs), handles(outputs)];
  try {
    runOn(runner, kind, op as OpName | UpdateName, ins, attrs, outs);
  } finally {
    // handles for the length of the step, which the count does not know: the trace frees what they hold
    for (const x of [...ins, ...outs]) x.forgo();
  }
}

function runOn(
  runner: Runner,
  kind: "op" | "update",
  op: OpName | UpdateName,
  inputs: readonly Tensor[],
  attrs: object,
  outputs: readonly Tensor[],
): void {
  const resolved = resolveScalars(attrs);
  if (kind === "op") runner.run(op as OpName, inputs, resolved as Attrs<OpName>, outputs);
  else runner.update(op as UpdateName, inputs, resolved as Resolved<UpdateAttrs<UpdateName>>);
}
