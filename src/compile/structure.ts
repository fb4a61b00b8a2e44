/**
 * What a trace is apart from the storages of one call: its steps over numbered values, and which of them outlive it. Traces
 * are compared with it at every call; where one fits, Scalars take the values of that call.
 */
import type { Runner } from "../ops/apply.js";
import type { Instruction, ValueView } from "../ops/program.js";
import { Scalar } from "../ops/scalar.js";
import { type UpdateName, updateWrites } from "../ops/spec.js";
import type { Tensor } from "../tensor/tensor.js";
import { type NumberedValue, Numbering } from "./numbering.js";
import type { Trace } from "./trace.js";

export interface Structure {
  readonly runner: Runner;
  readonly values: readonly NumberedValue[];
  /** With Scalars of their own, so that no other program's rates are touched. */
  readonly instructions: readonly Instruction[];
  readonly survivors: readonly number[];
}

/** The one backend of all steps; null where there are none or several. */
export function runnerOf({ steps }: Trace): Runner | null {
  const first = steps[0]?.runner;
  return first && steps.every(({ runner }) => runner === first) ? first : null;
}

export function describe(
  trace: Trace,
  args: readonly Tensor[],
): { readonly structure: Structure; readonly numbering: Numbering } {
  const numbering = new Numbering(trace, args);
  const scalars = new Map<Scalar, Scalar>();
  const view = (x: Tensor): ValueView => {
    const value = numbering.resolve(x);
    return { value, offset: numbering.offset, shape: x.shape };
  };
  const instructions = trace.steps.map(({ kind, op, inputs, attrs, outputs }, step) => {
    const own = kind === "check" ? { ...attrs, step } : ownAttrs(attrs, scalars);
    const views = inputs.map(view);
    const written = kind === "update" ? views.slice(0, updateWrites[op as UpdateName]) : outputs.map(view);
    return { kind, op, inputs: views, attrs: own, outputs: written } as Instruction;
  });
  const structure = {
    runner: runnerOf(trace)!,
    values: numbering.values,
    instructions,
    survivors: numbering.survivors(),
  };
  return { structure, numbering };
}

/** A copy with Scalars of its own, one for each that came. */
function ownAttrs(attrs: object, scalars: Map<Scalar, Scalar>): object {
  const own: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(attrs)) {
    own[name] = value;
    if (!(value instanceof Scalar)) continue;
    if (!scalars.has(value)) scalars.set(value, new Scalar(value.value));
    own[name] = scalars.get(value);
  }
  return own;
}

/** The numbering of a trace that has this structure, null for any other. The structure's Scalars take its values. */
export function match(structure: Structure, trace: Trace, args: readonly Tensor[]): Numbering | null {
  const { steps } = trace;
  const { instructions, runner } = structure;
  if (steps.length !== instructions.length) return null;
  const numbering = new Numbering(trace, args);
  const scalars = new Map<Scalar, number>();
  for (let i = 0; i < steps.length; i++) {
    const step = steps[i]!;
    const known = instructions[i]!;
    if (step.op !== known.op || step.kind !== known.kind || step.runner !== runner) return null;
    if (!areSameOperands(step.inputs, known.inputs, numbering, structure)) return null;
    if (step.kind === "op" && !areSameOperands(step.outputs, known.outputs, numbering, structure)) return null;
    if (!areSameAttrs(step.attrs, known.attrs, scalars)) return null;
  }
  return areSame(numbering.survivors(), structure.survivors) ? numbering : null;
}

function areSameOperands(
  given: readonly Tensor[],
  known: readonly ValueView[],
  numbering: Numbering,
  { values }: Structure,
): boolean {
  if (given.length !== known.length) return false;
  for (let i = 0; i < given.length; i++) {
    const x = given[i]!;
    const view = known[i]!;
    const before = numbering.values.length;
    const id = numbering.resolve(x);
    if (id !== view.value || numbering.offset !== view.offset) return false;
    if (id === before && !isSameValue(numbering.values[id]!, values[id]!)) return false;
    if (x.shape !== view.shape && !areSame(x.shape, view.shape)) return false;
  }
  return true;
}

const isSameValue = (a: NumberedValue, b: NumberedValue): boolean =>
  a.kind === b.kind && a.dtype === b.dtype && a.length === b.length;

function areSame(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
}

function areSameAttrs(given: object, known: object, scalars: Map<Scalar, number>): boolean {
  for (const name in given)
    if (!isSameAttr(given[name as keyof typeof given], known[name as keyof typeof known], scalars)) return false;
  return true;
}

function isSameAttr(given: unknown, known: unknown, scalars: Map<Scalar, number>): boolean {
  if (Object.is(given, known)) return true;
  if (known instanceof Scalar) {
    if (!(given instanceof Scalar)) return false;
    const taken = scalars.get(known);
    scalars.set(known, given.value);
    known.value = given.value;
    // one Scalar for several steps takes one value
    return taken === undefined || Object.is(taken, given.value);
  }
  return Array.isArray(given) && Array.isArray(known) && areSame(given, known);
}
