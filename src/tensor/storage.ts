/**
 * A run of numbers on a backend, and its lifetime. Tensors that are views of each other share one Storage.
 *
 * A storage is counted: each tensor handle holds one reference, and so does each place where autograd saved it.
 * Users never see the count. Handles are dropped by scope(), by backward() for what it has consumed, and by the garbage
 * collector for the rest.
 */
import type { DType, TypedArray } from "./dtype.js";
import { dtypes } from "./dtype.js";

/** What a backend gives for `allocate`: its own record, of which everybody else knows only the size. */
export interface Allocation {
  readonly bytes: number;
}

/** The part of a backend that holds numbers. */
export interface StorageBackend {
  readonly name: string;
  readonly dtypes: readonly DType[];
  /** False where float64 tensors have only float32's digits; elsewhere undefined. */
  readonly hasFloat64Digits?: boolean;
  /** Contents are undefined until written. Throws MemoryError when full. */
  allocate(dtype: DType, length: number): Allocation;
  free(allocation: Allocation): void;
  /** Copies `values` in, starting at element `offset`. */
  write(allocation: Allocation, dtype: DType, offset: number, values: TypedArray): void;
  /**
   * Writes float32 numbers from bytes, made where the numbers are: element i becomes table[i mod channels][bytes[i]], the
   * table [channels, 256]. Undefined where the host does that as well.
   */
  readonly writeBytes?: (allocation: Allocation, bytes: Uint8Array, table: Float32Array) => void;
  /** A copy of `length` elements from element `offset`. */
  read(allocation: Allocation, dtype: DType, offset: number, length: number): Promise<TypedArray>;
  /** Same, at once; undefined on backends that are not synchronous. */
  readonly readSync?: (allocation: Allocation, dtype: DType, offset: number, length: number) => TypedArray;
  /** The numbers themselves, not a copy, valid until the next allocation; undefined where the host cannot reach them. */
  readonly view?: (allocation: Allocation, dtype: DType, offset: number, length: number) => TypedArray;
}

const live = { bytes: 0, storages: 0 };

/** Bytes and count of all storages that are alive, over all backends; the figure the leak tests hold. */
export const liveStorage = (): Readonly<typeof live> => ({ ...live });

export class Storage {
  readonly backend: StorageBackend;
  readonly dtype: DType;
  readonly length: number;
  readonly allocation: Allocation;
  #references = 1;

  constructor(backend: StorageBackend, dtype: DType, length: number) {
    this.backend = backend;
    this.dtype = dtype;
    this.length = length;
    this.allocation = backend.allocate(dtype, length);
    live.bytes += this.bytes;
    live.storages++;
  }

  get bytes(): number {
    return this.length * dtypes[this.dtype].bytes;
  }

  get isFreed(): boolean {
    return this.#references === 0;
  }

  /** True when one handle alone holds this storage, so that an op may write over it. */
  get isExclusive(): boolean {
    return this.#references === 1;
  }

  retain(): this {
    this.#references++;
    return this;
  }

  release(): void {
    if (--this.#references > 0) return;
    this.backend.free(this.allocation);
    live.bytes -= this.bytes;
    live.storages--;
  }
}
