/**
 * What a trace is apart from the storages of one call: its steps over numbered values, and which of them outlive it. Traces
 * are compared with it at every call; where one fits, Scalars take the values of that call.
 */
import type { Runner } from "../ops/apply.js";
import type { Instruction, ValueView } from "../ops/program.js";
import { Scalar } from "../ops/scalar.js";
import { type UpdateName, updateWrites } from "../ops/spec/index.js";
import { Storage } from "../tensor/storage.js";
import type { Tensor } from "../tensor/tensor.js";
import { type NumberedValue, Numbering } from "./numbering.js";
import { type Constants, type Step, type UpdateList, uncounted } from "./step.js";

export interface Structure {
  readonly runner: Runner;
  readonly values: readonly NumberedValue[];
  /** With Scalars of their own, so that no other program's rates are touched. */
  readonly instructions: readonly Instruction[];
  readonly survivors: readonly number[];
  /** Lists of updates, by the instruction that they start at. */
  readonly lists: ReadonlyMap<number, UpdateList>;
}

/** The one backend of all steps; null where there are none or several. */
export function runnerOf(steps: readonly Step[]): Runner | null {
  const first = steps[0]?.runner;
  return first && steps.every(({ runner }) => runner === first) ? first : null;
}

/** What a traced call came to. */
export interface TracedCall {
  readonly steps: readonly Step[];
  readonly constants: Constants;
  /** Storages made by the function that outlive it. */
  readonly survivors: readonly Storage[];
  /** Tensors among the arguments. */
  readonly args: readonly Tensor[];
  /** Lists of updates, by the step that they start at. */
  readonly lists: ReadonlyMap<number, UpdateList>;
}

export function describe({ steps, constants, survivors, args, lists }: TracedCall): {
  readonly structure: Structure;
  readonly numbering: Numbering;
} {
  const numbering = new Numbering(constants, args);
  numbering.joinRuns(steps);
  const scalars = new Map<Scalar, Scalar>();
  const view = (x: Tensor): ValueView => {
    const value = numbering.resolve(x);
    return { value, offset: numbering.offset, shape: x.shape };
  };
  const owned = new Map<object, object>();
  const instructions = steps.map(({ kind, op, inputs, attrs, outputs }, step) => {
    if (!owned.has(attrs)) owned.set(attrs, kind === "check" ? { ...attrs, step } : ownAttrs(attrs, scalars));
    const own = owned.get(attrs)!;
    const views = inputs.map(view);
    const written = kind === "update" ? views.slice(0, updateWrites[op as UpdateName]) : outputs.map(view);
    return { kind, op, inputs: views, attrs: own, outputs: written } as Instruction;
  });
  const structure = {
    runner: runnerOf(steps)!,
    values: numbering.values(),
    instructions,
    survivors: numbering.temporariesOf(survivors),
    lists: new Map(lists),
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

/** The numbering of a call that has this structure, null for any other. The structure's Scalars take its values. */
export function match(structure: Structure, { steps, constants, survivors, args }: TracedCall): Numbering | null {
  if (steps.length !== structure.instructions.length) return null;
  const cursor = new Cursor(structure, constants, args);
  cursor.numbering.joinRuns(steps);
  for (const step of steps) if (!cursor.accepts(step)) return null;
  return cursor.finish(survivors);
}

/** Compares a call with a structure while it is traced, step by step: what fits need not be kept. */
export class Cursor {
  readonly numbering: Numbering;
  readonly structure: Structure;
  /** Steps that have fitted. */
  position = 0;
  readonly #scalars = new Map<Scalar, number>();
  #lastGiven: object | null = null;
  #lastKnown: object | null = null;

  constructor(structure: Structure, constants: Constants, args: readonly Tensor[]) {
    this.structure = structure;
    this.numbering = new Numbering(constants, args);
  }

  /** Whether the step is the next one of the structure. */
  accepts({ kind, op, runner, inputs, attrs, outputs }: Step): boolean {
    const known = this.structure.instructions[this.position];
    if (!known || op !== known.op || kind !== known.kind || runner !== this.structure.runner) return false;
    const isSame =
      areSameOperands(inputs, known.inputs, this.numbering, this.structure) &&
      (kind !== "op" || areSameOperands(outputs, known.outputs, this.numbering, this.structure)) &&
      this.#areSameAttrs(attrs, known.attrs);
    if (isSame) this.position++;
    return isSame;
  }

  /** Whether a list of updates is the one that comes next: the same object, whose operands have the same numbers. */
  acceptsList(op: string, list: UpdateList, attrs: object): boolean {
    const { instructions, lists } = this.structure;
    const first = instructions[this.position];
    if (lists.get(this.position) !== list || !first || first.op !== op) return false;
    if (!this.#areSameAttrs(attrs, first.attrs)) return false;
    const { numbering } = this;
    for (let i = 0; i < list.length; i++) {
      const operands = list[i]!;
      const known = instructions[this.position + i]!.inputs;
      for (let k = 0; k < operands.length; k++)
        if (numbering.resolve(operands[k]!) !== known[k]!.value || numbering.offset !== known[k]!.offset) return false;
    }
    this.position += list.length;
    return true;
  }

  /** Updates of one optimiser share their attributes: the same two objects are compared once. */
  #areSameAttrs(given: object, known: object): boolean {
    if (given === this.#lastGiven && known === this.#lastKnown) return true;
    this.#lastGiven = given;
    this.#lastKnown = known;
    const isSame = areSameAttrs(given, known, this.#scalars);
    if (!isSame) this.#lastGiven = null;
    return isSame;
  }

  /** The numbering, where the structure is complete and the same values outlive the call; else null. */
  finish(survivors: readonly Storage[]): Numbering | null {
    if (this.position !== this.structure.instructions.length) return null;
    return areSame(this.numbering.temporariesOf(survivors), this.structure.survivors) ? this.numbering : null;
  }

  /** The steps that have fitted; `alive` are the storages that the call has made and still refers to. */
  steps(alive: readonly Storage[]): Step[] {
    const { runner, instructions, values } = this.structure;
    this.numbering.temporariesOf(alive);
    const dropped = new Map<number, Storage>();
    const storageOf = (id: number): Storage => {
      const known = this.numbering.storageOf(id) ?? dropped.get(id);
      if (known) return known;
      const { dtype, length } = values[id]!;
      const storage = new Storage(runner, dtype, length);
      storage.release();
      dropped.set(id, storage);
      return storage;
    };
    // comparing goes on to change the structure's own Scalars
    const scalars = new Map<Scalar, Scalar>();
    const operand = ({ value, offset, shape }: ValueView): Tensor => {
      return uncounted(storageOf(value), shape, this.numbering.baseOf(value) + offset);
    };
    return instructions.slice(0, this.position).map(({ kind, op, inputs, attrs, outputs }) => ({
      kind,
      op,
      runner,
      inputs: inputs.map(operand),
      attrs: kind === "check" ? { limit: attrs.limit } : ownAttrs(attrs, scalars),
      outputs: kind === "op" ? outputs.map(operand) : [],
    }));
  }
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
    const before = numbering.count;
    const id = numbering.resolve(x);
    if (id !== view.value || numbering.offset !== view.offset) return false;
    if (id === before && !numbering.isValue(id, values[id]!)) return false;
    if (x.shape !== view.shape && !areSame(x.shape, view.shape)) return false;
  }
  return true;
}

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
  if (known instanceof Scalar) {
    if (!(given instanceof Scalar)) return false;
    // one Scalar for several steps takes one value
    if (scalars.has(known)) return Object.is(scalars.get(known), given.value);
    scalars.set(known, given.value);
    known.value = given.value;
    return true;
  }
  return Object.is(given, known) || (Array.isArray(given) && Array.isArray(known) && areSame(given, known));
}
