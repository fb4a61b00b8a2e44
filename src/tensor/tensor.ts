/**
 * The tensor: a shape over a contiguous, row-major run of a Storage. It knows nothing of arithmetic: ops/methods adds
 * `add`, `matmul` and the rest, autograd adds `backward`. Reshapes and leading slices are free views.
 */
import { BackendError, MemoryError, ShapeError } from "../util/errors.js";
import { convertTo, type DType, dtypes, type HostArray, isFloat, type TypedArray } from "./dtype.js";
import { observeRead, observeWrite } from "./observe.js";
import { registerInScope, removeFromScope } from "./scope.js";
import { resolveReshape, type Shape, sameShape, showShape, sizeOf } from "./shape.js";
import type { Storage, StorageBackend } from "./storage.js";

/** Where a tensor came from; autograd's own record. */
export interface GraphEdge {
  readonly node: object;
  readonly output: number;
}

/** Returns storages of handles that became unreachable. */
const collected = new FinalizationRegistry<Handle>((handle) => handle.release());

/** One reference to a storage that can be dropped once. */
class Handle {
  constructor(readonly storage: Storage) {}
  isReleased = false;
  release(): void {
    if (this.isReleased) return;
    this.isReleased = true;
    this.storage.release();
  }
}

export class Tensor {
  readonly shape: Shape;
  readonly dtype: DType;
  /** First element within the storage, in elements. */
  readonly offset: number;
  /** The gradient that backward() left here; a tensor of the same shape. */
  grad: Tensor | null = null;
  /** Set by autograd on results of differentiable ops. */
  edge: GraphEdge | null = null;
  #requiresGrad = false;
  #handle: Handle;

  /** Takes over one reference of `storage`. Not for users: see tensor(), zeros(). */
  constructor(storage: Storage, shape: Shape, offset = 0) {
    this.shape = shape;
    this.dtype = storage.dtype;
    this.offset = offset;
    this.#handle = new Handle(storage);
    collected.register(this, this.#handle, this.#handle);
    registerInScope(this);
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
    return this.#handle.storage;
  }

  get requiresGrad(): boolean {
    return this.#requiresGrad;
  }

  set requiresGrad(value: boolean) {
    if (value && !isFloat(this.dtype))
      throw new BackendError(`requiresGrad: a ${this.dtype} tensor has no gradient, expected float32 or float64`);
    this.#requiresGrad = value;
  }

  /** A copy of the values, [...shape] in row-major order. */
  data(): Promise<TypedArray> {
    observeRead(this.storage);
    return this.backend.read(this.storage.allocation, this.dtype, this.offset, this.size);
  }

  /** Same as data(), at once. Throws BackendError on a backend that is not synchronous. */
  dataSync(): TypedArray {
    const { backend } = this;
    if (!backend.readSync)
      throw new BackendError(`dataSync: the ${backend.name} backend is not synchronous`, "use await x.data()");
    observeRead(this.storage);
    return backend.readSync(this.storage.allocation, this.dtype, this.offset, this.size);
  }

  /**
   * The values where they lie, for reading and writing in place until the next allocation; null where the backend's memory
   * is not the host's. It may lie in shared memory.
   */
  view(): TypedArray | null {
    observeRead(this.storage);
    return this.backend.view?.(this.storage.allocation, this.dtype, this.offset, this.size) ?? null;
  }

  /** The one value of a tensor with one element. */
  item(): number {
    if (this.size !== 1) throw new ShapeError(`item: ${showShape(this.shape)} has ${this.size} elements, expected 1`);
    return this.dataSync()[0]!;
  }

  /** Nested arrays, as JSON would show it. */
  toArray(): unknown {
    const values = this.dataSync();
    const nest = (axis: number, from: number, count: number): unknown => {
      if (axis === this.rank) return values[from];
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
    observeWrite(this.storage);
    this.backend.write(this.storage.allocation, this.dtype, this.offset, converted);
    return this;
  }

  /** Another handle on the same numbers, not connected to the graph. */
  detach(): Tensor {
    return new Tensor(this.storage.retain(), this.shape, this.offset);
  }

  /** A free view with another shape and the same number of elements, without a graph: ops/reshape is the differentiable one. */
  viewAs(shape: Shape, offset = 0): Tensor {
    const resolved = offset === 0 && sizeOf(shape) !== this.size ? resolveReshape(this.shape, shape) : shape;
    return new Tensor(this.storage.retain(), resolved, this.offset + offset);
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
    if (this.#handle.isReleased) return;
    collected.unregister(this.#handle);
    removeFromScope(this);
    this.#handle.release();
  }

  hasShape(shape: Shape): boolean {
    return sameShape(this.shape, shape);
  }
}
