/**
 * The tensor: a shape over a contiguous, row-major run of a Storage. It knows nothing of arithmetic: ops/methods adds
 * `add`, `matmul` and the rest, autograd adds `backward`. Reshapes and leading slices are free views.
 */
import { BackendError, GradientError, MemoryError, ShapeError } from "../util/errors.js";
import { turnOfEventLoop } from "../util/platform.js";
import { bytesMadeSinceTurn, noteTurn, returnHint, takeHint } from "./collector-hint.js";
import { convertTo, type DType, dtypes, type ElementArray, type HostArray, isFloat, type TypedArray } from "./dtype.js";
import { collected, Handle, large } from "./handle.js";
import { liveObjects } from "./live-objects.js";
import { format, jsonOf, primitiveOf, type TensorJson } from "./print.js";
import { noteRead, registerInScope, removeFromScope, type Scoped } from "./scope.js";
import { resolveReshape, type Shape, sameShape, showShape, sizeOf } from "./shape.js";
import { type Storage, type StorageBackend, setReclaimer, storageTracer } from "./storage.js";

/** Where a tensor came from; autograd's own record. */
export interface GraphEdge {
  readonly node: object;
  readonly output: number;
}

/** Bytes of unreferenced tensors that may wait for the garbage collector before reading values lets finalizers run. */
const TURN_BYTES = 2 ** 26;

/** An element as JavaScript has it: of int64 a number while that is exact. */
function plainValue(value: number | bigint, dtype: DType): number | bigint | boolean {
  if (dtype === "bool") return value !== 0;
  return typeof value === "bigint" && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

/** What Node's console asks an object for; no symbol of the language. */
const INSPECT: unique symbol = Symbol.for("nodejs.util.inspect.custom") as never;

/**
 * A tensor: a shape over contiguous, row-major values that live on a backend. Ops are methods and functions of the same
 * name; a result that nothing reaches any more is freed, at once inside scope().
 *
 * @example
 * ```ts
 * const x = tensor([[1, 2], [3, 4]], undefined, { requiresGrad: true });
 * const y = x.mul(2).add(1).sum();
 * y.backward();
 * console.log(y.item(), x.grad?.toArray()); // 24 [[2, 2], [2, 2]]
 * ```
 */
export class Tensor {
  readonly shape: Shape;
  readonly dtype: DType;
  /** First element within the storage, in elements. */
  readonly offset: number;
  scope: Scoped["scope"] = null;
  scopeIndex = 0;
  /** Set by autograd on results of differentiable ops. */
  edge: GraphEdge | null = null;
  #requiresGrad = false;
  #grad: Tensor | null = null;
  #handle: Handle;
  #isWatched = false;
  /** The trace that has made this handle, and its place there. */
  #madeIn = 0;
  #place = -1;
  /** The op that saved this handle, and the version of the numbers then. */
  #savedFor: string | null = null;
  #savedVersion = 0;
  /** See collector-hint.ts. */
  #hint: ArrayBuffer | null = null;

  /** Takes over one reference of `storage`. Not for users: see tensor(), zeros(). `viewOf`: a tensor that shares the storage. */
  constructor(storage: Storage, shape: Shape, offset = 0, viewOf?: Tensor) {
    this.shape = shape;
    this.dtype = storage.dtype;
    this.offset = offset;
    this.#handle = new Handle(storage);
    if (viewOf) this.#hint = viewOf.#hint;
    registerInScope(this);
    const tracer = storageTracer();
    if (tracer) {
      this.#place = tracer.tensorMade(this);
      this.#madeIn = tracer.serial;
    } else this.watchCollection();
  }

  /** From now on the garbage collector returns the storage. Not for users. */
  watchCollection(): void {
    if (this.#isWatched || this.#handle.isReleased) return;
    this.#isWatched = true;
    this.#hint ??= takeHint(this.#handle.storage.bytes);
    if (this.#hint) large.add(this.#handle);
    collected.register(this, this.#handle, this.#handle);
  }

  /** The gradient that backward() left here; a tensor of the same shape. */
  get grad(): Tensor | null {
    return this.#grad;
  }

  set grad(value: Tensor | null) {
    const before = this.#grad;
    this.#grad = value;
    storageTracer()?.changed(() => {
      this.#grad = before?.isFreed ? null : before;
    });
  }

  get rank(): number {
    return this.shape.length;
  }

  get size(): number {
    return sizeOf(this.shape);
  }

  get bytes(): number {
    return this.size * dtypes[this.dtype].bytes;
  }

  get backend(): StorageBackend {
    return this.#handle.storage.backend;
  }

  get isFreed(): boolean {
    return this.#handle.isReleased;
  }

  /** The storage behind this tensor. Throws MemoryError when this handle was freed. */
  get storage(): Storage {
    if (this.#handle.isReleased)
      throw new MemoryError(
        `tensor ${showShape(this.shape)}: its memory was freed`,
        "backward() frees the results it has consumed and scope() those made inside; call keep() on a tensor you want to read later",
      );
    const { storage } = this.#handle;
    if (this.#savedFor !== null && storage.version !== this.#savedVersion) throw this.#writtenOver();
    return storage;
  }

  /** Makes this handle refuse to be read when its numbers were written over: what autograd has saved. Not for users. */
  expectUnchanged(savedFor: string): void {
    this.#savedFor = savedFor;
    this.#savedVersion = this.#handle.storage.version;
  }

  #writtenOver(): GradientError {
    return new GradientError(
      `backward: a tensor ${showShape(this.shape)} that ${this.#savedFor} had saved was written over since, expected it unchanged`,
      "write after backward(), or into a copy; x.view() counts as a write",
    );
  }

  /** The storage behind this tensor, freed or not. Not for users. */
  get home(): Storage {
    return this.#handle.storage;
  }

  get requiresGrad(): boolean {
    return this.#requiresGrad;
  }

  set requiresGrad(value: boolean) {
    if (value && !isFloat(this.dtype))
      throw new BackendError(`requiresGrad: a ${this.dtype} tensor has no gradient, expected float32 or float64`);
    const before = this.#requiresGrad;
    this.#requiresGrad = value;
    storageTracer()?.changed(() => {
      this.#requiresGrad = before;
    });
  }

  /**
   * A copy of the values, [...shape] in row-major order; of int64 `data<BigInt64Array>()`, of bool bytes of 0 and 1. Lets the event loop turn when much was allocated and nothing
   * disposed, so that a loop which awaits values also lets the garbage collector's finalizers run.
   */
  data(): Promise<TypedArray>;
  data<A extends ElementArray>(): Promise<A>;
  data(): Promise<TypedArray> {
    return noteRead(this.#read());
  }

  async #read(): Promise<TypedArray> {
    const known = this.#knownValues();
    if (known) return known;
    const values = this.backend.read(this.storage.allocation, this.dtype, this.offset, this.size);
    if (bytesMadeSinceTurn() >= TURN_BYTES) {
      noteTurn();
      await turnOfEventLoop();
    }
    return values;
  }

  /** Values that the host has given, while a function is traced; null where memory holds them. */
  #knownValues(): TypedArray | null {
    const known = storageTracer()?.knownValues(this.storage);
    return known ? known.slice(this.offset, this.offset + this.size) : null;
  }

  /** Same as data(), at once. Throws BackendError on a backend that is not synchronous. */
  dataSync(): TypedArray;
  dataSync<A extends ElementArray>(): A;
  dataSync(): TypedArray {
    const { backend } = this;
    if (!backend.readSync)
      throw new BackendError(`dataSync: the ${backend.name} backend is not synchronous`, "use await x.data()");
    const known = this.#knownValues();
    if (known) return known;
    return backend.readSync(this.storage.allocation, this.dtype, this.offset, this.size);
  }

  /**
   * The values where they lie, for reading and writing in place until the next allocation; null where the backend's memory
   * is not the host's. It may lie in shared memory. Counts as a write: backward() refuses to use what it had saved before.
   * Throws CompileError inside a compiled function.
   */
  view(): TypedArray | null {
    storageTracer()?.viewed(this.storage);
    this.storage.touch();
    return this.backend.view?.(this.storage.allocation, this.dtype, this.offset, this.size) ?? null;
  }

  /**
   * The one value of a tensor with one element: a number, of bool true or false (`x.item<boolean>()`), of int64 a bigint beyond
   * 2^53. Throws ShapeError for another number of elements.
   */
  item(): number;
  item<V extends number | boolean | bigint>(): V;
  item(): number | boolean | bigint {
    if (this.size !== 1) throw new ShapeError(`item: ${showShape(this.shape)} has ${this.size} elements, expected 1`);
    return plainValue(this.dataSync()[0]!, this.dtype);
  }

  /** Nested arrays of numbers, as JSON would show it; of bool true and false, of int64 bigints where numbers beyond 2^53 are not exact. */
  toArray(): unknown {
    const values = this.dataSync();
    const nest = (axis: number, from: number, count: number): unknown => {
      if (axis === this.rank) return plainValue(values[from]!, this.dtype);
      const step = count / Math.max(1, this.shape[axis]!);
      return Array.from({ length: this.shape[axis]! }, (_, i) => nest(axis + 1, from + i * step, step));
    };
    return nest(0, 0, values.length);
  }

  /**
   * Overwrites the values; the length must be this tensor's size. Not recorded by autograd. Throws DTypeError for a value that
   * the dtype does not hold.
   */
  write(values: HostArray): this {
    if (values.length !== this.size)
      throw new ShapeError(`write: ${values.length} values for ${showShape(this.shape)}, expected ${this.size}`);
    const converted = convertTo(values, this.dtype, "write");
    const { storage } = this;
    storage.touch();
    const tracer = storageTracer();
    if (tracer) tracer.write(storage, this.offset, converted === values ? converted.slice() : converted);
    else this.backend.write(storage.allocation, this.dtype, this.offset, converted);
    return this;
  }

  /** Another handle on the same numbers, not connected to the graph. */
  detach(): Tensor {
    return this.alias(this.shape);
  }

  /** Another handle on the numbers from `offset` on, counted from this tensor's first. Not for users. */
  alias(shape: Shape, offset = 0): Tensor {
    return new Tensor(this.storage.retain(), shape, this.offset + offset, this);
  }

  /** A free view with another shape and the same number of elements, without a graph: ops/reshape is the differentiable one. */
  viewAs(shape: Shape, offset = 0): Tensor {
    const resolved = offset === 0 && sizeOf(shape) !== this.size ? resolveReshape(this.shape, shape) : shape;
    return this.alias(resolved, offset);
  }

  /** Protects this tensor from the end of every scope and from backward(); the garbage collector still reclaims it. */
  keep(): this {
    removeFromScope(this);
    this.isKept = true;
    return this;
  }
  /** True after keep(). */
  isKept = false;

  /** Drops this handle now. Using the tensor afterwards throws MemoryError. Calling it twice is fine. */
  dispose(): void {
    const handle = this.#handle;
    if (handle.isReleased) return;
    removeFromScope(this);
    handle.release();
    const tracer = storageTracer();
    if (tracer) {
      // one from before the trace; the collector goes on watching it until the trace has run
      if (this.#madeIn === tracer.serial) tracer.tensorDropped(this.#place);
      else tracer.changed(() => handle.restore());
      return;
    }
    if (this.#isWatched) collected.unregister(handle);
    if (this.#hint && !handle.storage.hasMemory) returnHint(this.#hint);
    this.#hint = null;
  }

  /** Ends this handle without dropping its reference, for one that was never counted. Not for users. */
  forgo(): void {
    this.#handle.isReleased = true;
    removeFromScope(this);
    if (this.#isWatched) collected.unregister(this.#handle);
    if (this.#hint) returnHint(this.#hint);
    this.#hint = null;
  }

  /** What console.log and templates print; see format(). */
  toString(): string {
    return format(this);
  }

  /** What JSON.stringify writes: shape, dtype and all values. */
  toJSON(): TensorJson {
    return jsonOf(this);
  }

  /** console.log prints what toString() gives. */
  [INSPECT](): string {
    return format(this);
  }

  /** The one value where a number is wanted (`loss < 1`), text elsewhere. Throws ShapeError for a number of several elements. */
  [Symbol.toPrimitive](hint: string): unknown {
    return primitiveOf(this, hint);
  }

  hasShape(shape: Shape): boolean {
    return sameShape(this.shape, shape);
  }

  static {
    setReclaimer(() => {
      const reachable = large.size === 0 ? null : liveObjects<Tensor>(Tensor.prototype);
      if (!reachable) return;
      for (const x of reachable) if (#handle in x) x.#handle.isMarked = true;
      for (const handle of [...large])
        if (handle.isMarked) handle.isMarked = false;
        else {
          collected.unregister(handle);
          handle.release();
        }
    });
  }
}
