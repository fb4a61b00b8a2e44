/**
 * One call of a function without its arithmetic: ops and updates are noted instead of run, tensors made on the way have no
 * memory yet, and every change of state (gradients, flags, freed handles) leaves an undo. What the trace depends on is
 * thereby seen at every call: modes, captured tensors, captured numbers, aliases.
 */
import { type GraphNode, nodeOf } from "../autograd/tape.js";
import { type Runner, setTracer, type Tracer } from "../ops/apply.js";
import type { IndexOp } from "../ops/indices.js";
import { type OpName, type UpdateName, updateWrites } from "../ops/spec/index.js";
import type { TypedArray } from "../tensor/dtype.js";
import { scope, tensorsIn } from "../tensor/scope.js";
import { Storage, type StorageTracer, setStorageTracer, type Traced } from "../tensor/storage.js";
import { Tensor } from "../tensor/tensor.js";
import { TensoroneError } from "../util/errors.js";
import type { Numbering } from "./numbering.js";
import { type Step, type UpdateList, uncounted } from "./step.js";
import { Cursor, type Structure } from "./structure.js";

/** A function does something inside compile() that cannot be traced. */
export class CompileError extends TensoroneError {}

interface Undo {
  /** Steps that came before the change. */
  readonly after: number;
  readonly undo: () => void;
}

const NONE: readonly Tensor[] = [];

let nextSerial = 1;

export class Trace implements Tracer, StorageTracer {
  readonly serial = nextSerial++;
  /** Follows the call while it does what is expected; null from the first step on that differs. */
  #cursor: Cursor | null;
  #steps: Step[] = [];
  /** On storages that a step uses. Not the trace itself, which would live as long as they do. */
  readonly #mark = {};
  /** Tensors among the arguments of the call. */
  readonly args: readonly Tensor[];
  readonly constants = new Map<Storage, TypedArray>();
  /** What the function has made, by place; null for what was dropped since, which is to be collected. */
  readonly #storages: (Storage | null)[] = [];
  readonly #tensors: (Tensor | null)[] = [];
  readonly #nodes: GraphNode[] = [];
  readonly #undos: Undo[] = [];
  /** Writes over storages from before the trace, which count in their versions. */
  readonly #touched: Storage[] = [];
  readonly #touchedAfter: number[] = [];
  /** With memory, and unreferenced by now: freed when the steps have run. */
  readonly #released: Storage[] = [];
  /** Storages from before the trace that a step writes. */
  readonly #written = new Set<Storage>();
  #refusal: CompileError | null = null;

  /** `expected`: the structure that the call most likely has. */
  constructor(args: readonly Tensor[], expected: Structure | null) {
    this.args = args;
    this.#cursor = expected && new Cursor(expected, this.constants, args);
  }

  /** The numbering by the expected structure, where the whole call has it. */
  get expectedNumbering(): Numbering | null {
    return this.#cursor?.finish(this.survivors) ?? null;
  }

  get steps(): readonly Step[] {
    this.#leaveCursor();
    return this.#steps;
  }

  get #position(): number {
    return this.#cursor?.position ?? this.#steps.length;
  }

  // ── what ops do

  op(runner: Runner, op: OpName, inputs: readonly Tensor[], attrs: object, outputs: readonly Tensor[]): void {
    this.#add({ kind: "op", op, runner, inputs, attrs, outputs });
  }

  update(runner: Runner, op: UpdateName, operands: readonly Tensor[], attrs: object): void {
    for (let i = 0; i < updateWrites[op]; i++) {
      const storage = operands[i]!.home;
      if (storage.hasMemory) this.#written.add(storage);
      else if (this.constants.has(storage)) this.#assignConstantFirst(storage);
    }
    this.#add({ kind: "update", op, runner, inputs: operands, attrs, outputs: NONE });
  }

  check(runner: Runner, op: IndexOp, indices: Tensor, limit: number): void {
    this.#add({ kind: "check", op, runner, inputs: [indices], attrs: { limit }, outputs: NONE });
  }

  /** Lists by the step that they start at, for the structure. */
  readonly lists = new Map<number, UpdateList>();

  updateEach(op: UpdateName, list: UpdateList, attrs: object): boolean {
    // empty operands are no steps: the list would be longer than what it adds
    if (list.every(([first]) => first!.size > 0)) this.lists.set(this.#position, list);
    if (this.#cursor?.acceptsList(op, list, attrs)) {
      for (const operands of list)
        for (let i = 0; i < updateWrites[op]; i++) {
          const { storage } = operands[i]!;
          storage.touch();
          this.#written.add(storage);
        }
      return true;
    }
    return false;
  }

  #add(step: Step): void {
    if (this.#cursor?.accepts(step)) return;
    this.#leaveCursor();
    this.#markUsed(step);
    this.#steps.push(step);
  }

  #markUsed({ inputs, outputs }: Step): void {
    for (let i = 0; i < inputs.length; i++) inputs[i]!.home.trace = this.#mark;
    for (let i = 0; i < outputs.length; i++) outputs[i]!.home.trace = this.#mark;
  }

  #leaveCursor(): void {
    const cursor = this.#cursor;
    if (!cursor) return;
    this.#cursor = null;
    const previous = setStorageTracer(this);
    this.#steps = cursor.steps(this.survivors);
    setStorageTracer(previous);
    for (const step of this.#steps) this.#markUsed(step);
  }

  #isUsed(storage: Storage): boolean {
    return this.#cursor ? this.#cursor.numbering.has(storage) : storage.trace === this.#mark;
  }

  // ── what the host does

  write(storage: Storage, offset: number, values: TypedArray): void {
    const isFresh = !storage.hasMemory && !this.#isUsed(storage) && !this.constants.has(storage);
    if (isFresh && values.length === storage.length) {
      this.constants.set(storage, values);
      return;
    }
    const target = uncounted(storage, [values.length], offset);
    this.update(storage.backend as Runner, "assign", [target, this.#constant(storage, values)], {});
  }

  #constant(like: Storage, values: TypedArray): Tensor {
    const storage = new Storage(like.backend, like.dtype, values.length);
    this.constants.set(storage, values);
    const constant = new Tensor(storage, [values.length]);
    constant.dispose();
    return constant;
  }

  /** A storage that was given values and is written over later: the values are assigned to it before everything else. */
  #assignConstantFirst(storage: Storage): void {
    const values = this.constants.get(storage)!;
    this.constants.delete(storage);
    const inputs = [uncounted(storage, [storage.length], 0), this.#constant(storage, values)];
    const runner = storage.backend as Runner;
    this.#leaveCursor();
    this.#steps.unshift({ kind: "update", op: "assign", runner, inputs, attrs: {}, outputs: NONE });
  }

  isKnown(storage: Storage): boolean {
    return storage.hasMemory ? !this.#written.has(storage) : this.constants.has(storage);
  }

  knownValues(storage: Storage): TypedArray | null {
    if (!this.isKnown(storage)) throw this.#refuse(storage, "reads");
    return storage.hasMemory ? null : this.constants.get(storage)!;
  }

  viewed(storage: Storage): never {
    throw this.#refuse(storage, "takes a view of");
  }

  #refuse(storage: Storage, verb: string): CompileError {
    this.#refusal ??= new CompileError(
      `compile: the function ${verb} the values of a ${storage.dtype} tensor of ${storage.length} elements that it computes`,
      "return it and read it after the call: the arithmetic of a compiled function is done when it returns",
    );
    return this.#refusal;
  }

  // ── what happens to storages and handles

  touched(storage: Storage): void {
    this.#touched.push(storage);
    this.#touchedAfter.push(this.#position);
  }

  storageMade(storage: Storage): number {
    return this.#storages.push(storage) - 1;
  }

  storageDropped(place: number): void {
    this.#storages[place] = null;
  }

  tensorMade(tensor: Traced): number {
    return this.#tensors.push(tensor as Tensor) - 1;
  }

  tensorDropped(place: number): void {
    this.#tensors[place] = null;
  }

  nodeMade(node: object): void {
    this.#nodes.push(node as GraphNode);
  }

  storageReleased(storage: Storage): void {
    this.#released.push(storage);
  }

  changed(undo: () => void): void {
    this.#undos.push({ after: this.#position, undo });
  }

  // ── the call

  /**
   * Runs `body` without its arithmetic. An error of `body` itself is returned: what came before it is still to be run, as
   * without compile(). Throws CompileError, with every change taken back, for what cannot be traced.
   */
  run<R>(body: () => R): { readonly result: R } | { readonly error: unknown } {
    const previous = { ops: setTracer(this), storages: setStorageTracer(this) };
    let outcome: { readonly result: R } | { readonly error: unknown };
    try {
      // within the scope, which would refuse a promise in its own name
      const checked = (): R => expectPlainResult(body());
      outcome = { result: scope(checked) };
    } catch (error) {
      if (error instanceof CompileError) this.#refusal ??= error;
      outcome = { error };
    }
    try {
      this.#releaseDroppedGraphs();
    } finally {
      setTracer(previous.ops);
      setStorageTracer(previous.storages);
    }
    if (this.#refusal) {
      this.giveUp();
      throw this.#refusal;
    }
    return outcome;
  }

  /** Frees what nodes have saved that no tensor leads to any more. */
  #releaseDroppedGraphs(): void {
    const reached = new Set<GraphNode>();
    for (const tensor of this.#tensors) {
      const node = tensor && !tensor.isFreed && nodeOf(tensor);
      if (node) reached.add(node);
    }
    for (const node of reached)
      for (const target of node.targets) if (target && "node" in target) reached.add(target.node);
    for (const node of this.#nodes) if (!reached.has(node)) node.release();
  }

  /** Frees the tensors of a result that is not returned after all, and the graphs that led to them. */
  dropResult(result: unknown): void {
    const own = new Set<unknown>(this.#tensors);
    for (const tensor of tensorsIn(result)) if (own.has(tensor)) tensor.dispose();
    this.#releaseDroppedGraphs();
  }

  /** Storages made by the function with references from outside: they outlive the call. */
  get survivors(): Storage[] {
    return this.#storages.filter((storage): storage is Storage => storage !== null && !storage.isFreed);
  }

  /** After the steps have run: frees what was dropped meanwhile, and lets the collector watch what stays. */
  finish(): void {
    for (const storage of this.#released) if (storage.isFreed) storage.discard();
    for (const tensor of this.#tensors) tensor?.watchCollection();
  }

  /** Takes back the changes that came after the first `steps` steps; the tensors made since have no values. */
  revert(steps = 0): void {
    this.#touched.forEach((storage, i) => {
      if (this.#touchedAfter[i]! >= steps) storage.version--;
    });
    for (let i = this.#undos.length - 1; i >= 0 && this.#undos[i]!.after >= steps; i--) this.#undos[i]!.undo();
  }

  /** Takes everything back: the function has not been called. */
  giveUp(): void {
    this.revert();
    for (const tensor of this.#tensors) tensor?.dispose();
    this.finish();
  }
}

/** The result. Throws CompileError for one that is still to come. */
function expectPlainResult<R>(result: R): R {
  if (typeof (result as PromiseLike<unknown> | null)?.then === "function")
    throw new CompileError(
      "compile: the function returned a promise, expected a synchronous function",
      "await what it needs before the call and pass it as an argument; read results after the call",
    );
  if (Object.prototype.toString.call(result) === "[object Generator]")
    throw new CompileError("compile: the function returned a generator, expected a function that returns its results");
  return result;
}
