/**
 * Records one call of a function as a Program: it runs as usual, and every op and update is noted with the values it
 * touches. Values are told apart by their storage, so views need no instructions.
 */
import { setTracer } from "../ops/apply.js";
import type { Instruction, Program, Value, ValueView } from "../ops/program.js";
import { updateWrites } from "../ops/spec.js";
import { setObserver } from "../tensor/observe.js";
import { scope } from "../tensor/scope.js";
import { showShape } from "../tensor/shape.js";
import type { Storage } from "../tensor/storage.js";
import type { Tensor } from "../tensor/tensor.js";
import { TensoroneError } from "../util/errors.js";
import { fuse } from "./fuse.js";
import { independentGroups } from "./groups.js";
import { placeTemporaries } from "./place.js";

/** The function does something that a replay could not repeat. */
export class CompileError extends TensoroneError {}

export interface Trace<R> {
  readonly program: Program;
  readonly result: R;
  /** External storages, retained; release them with the program. */
  readonly externals: readonly Storage[];
}

class Recording {
  readonly values: Value[] = [];
  readonly instructions: Instruction[] = [];
  readonly #ids = new Map<Storage, number>();
  readonly #constants = new Set<Storage>();
  readonly externals: Storage[] = [];

  constructor(inputs: readonly Storage[]) {
    for (const storage of inputs) this.#add(storage, "input");
  }

  #add(storage: Storage, kind: Value["kind"]): number {
    const known = this.#ids.get(storage);
    if (known !== undefined) return known;
    const id = this.values.length;
    const { dtype, length } = storage;
    this.values.push({ dtype, length, kind, storage: kind === "external" ? storage : null });
    if (kind === "external") this.externals.push(storage.retain());
    this.#ids.set(storage, id);
    return id;
  }

  view(x: Tensor, kind: Value["kind"] = "external"): ValueView {
    return { value: this.#add(x.storage, kind), offset: x.offset, shape: x.shape };
  }

  op(
    op: Extract<Instruction, { kind: "op" }>["op"],
    inputs: readonly Tensor[],
    attrs: object,
    outputs: readonly Tensor[],
  ): void {
    const views = inputs.map((x) => this.view(x));
    this.instructions.push({
      kind: "op",
      op,
      inputs: views,
      attrs,
      outputs: outputs.map((y) => this.view(y, "temporary")),
    });
  }

  update(op: Extract<Instruction, { kind: "update" }>["op"], operands: readonly Tensor[], attrs: object): void {
    const inputs = operands.map((x) => this.view(x));
    const outputs = inputs.slice(0, updateWrites[op]);
    if (outputs.some(({ value }) => this.values[value]!.kind === "input"))
      throw new CompileError(
        `compile: ${op} writes over an argument of the function`,
        "return the new value instead, or close over the tensor",
      );
    this.instructions.push({ kind: "update", op, inputs, attrs, outputs });
  }

  /** A host write is a constant of the program, allowed only into memory that the function has just made. */
  write(storage: Storage): void {
    if (this.#ids.has(storage) || this.#constants.has(storage))
      throw new CompileError(
        "compile: the function writes values into a tensor it has already used",
        "pass changing values as arguments, or as a Scalar",
      );
    this.#constants.add(storage);
  }

  read(storage: Storage): void {
    throw new CompileError(
      `compile: the function reads the values of a ${storage.dtype} tensor of ${storage.length} elements`,
      "return it and read it after the call: a replay does not pass through your code",
    );
  }

  /** Temporaries still alive after the call, besides what it returned. */
  escaped(outputs: readonly ValueView[]): Storage[] {
    return [...this.#ids].flatMap(([storage, id]) =>
      this.values[id]!.kind === "temporary" && !storage.isFreed && !outputs.some((y) => y.value === id)
        ? [storage]
        : [],
    );
  }
}

/** Runs `body` once, recording. Throws CompileError for what a replay could not repeat. */
export function trace<R>(
  inputs: readonly Tensor[],
  body: () => R,
  tensorsOf: (result: R) => readonly Tensor[],
): Trace<R> {
  const recording = new Recording(inputs.map((x) => x.storage));
  const previousTracer = setTracer(recording);
  const previousObserver = setObserver(recording);
  try {
    const result = scope(body);
    const results = tensorsOf(result);
    const attached = results.find((y) => y.edge !== null);
    if (attached)
      throw new CompileError(
        `compile: a result ${showShape(attached.shape)} is still connected to the gradient graph`,
        "call backward() inside the function, or wrap its body in noGrad()",
      );
    const outputs = results.map((y) => recording.view(y));
    const escaped = recording.escaped(outputs);
    if (escaped.length > 0)
      throw new CompileError(
        `compile: ${escaped.length} tensors made inside outlive the call (the largest has ${Math.max(...escaped.map((s) => s.length))} elements)`,
        "gradients? call optimizer.step() and optimizer.zeroGrad() inside; return what you want to have",
      );
    const { values, externals } = recording;
    const instructions = fuse(recording.instructions, outputs);
    const unplaced = {
      values,
      instructions,
      inputs: inputs.map((x) => recording.view(x)),
      outputs,
      groups: independentGroups(instructions),
    };
    return { program: { ...unplaced, ...placeTemporaries(unplaced) }, result, externals };
  } catch (error) {
    for (const storage of recording.externals) storage.release();
    throw error;
  } finally {
    setTracer(previousTracer);
    setObserver(previousObserver);
  }
}
