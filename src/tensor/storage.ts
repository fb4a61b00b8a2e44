/**
 * A run of numbers on a backend, and its lifetime. Tensors that are views of each other share one Storage.
 *
 * A storage is counted: each tensor handle holds one reference, and so does each place where autograd saved it.
 * Users never see the count. Handles are dropped by scope(), by backward() for what it has consumed, and by the garbage
 * collector for the rest.
 *
 * While compile() traces a function, a tracer is installed: storages made then have no memory until the trace has run,
 * reads and writes by the host go through the tracer, and every change of state leaves an undo with it.
 */
import { MemoryError } from "../util/errors.js";
import { bytesMadeSinceSearch, noteSearch } from "./collector-hint.js";
import type { DType, TypedArray } from "./dtype.js";
import { dtypes } from "./dtype.js";
import type { Speeds } from "./speeds.js";

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
  /** Undefined where nothing was measured. */
  readonly speeds?: Speeds;
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

/** What compile() sees of tensors while it traces a function; see compile/trace.ts. */
export interface StorageTracer {
  /** Tells traces apart. */
  readonly serial: number;
  /** A storage was made: it gets no memory now. Returns its place in the trace. */
  storageMade(storage: Storage): number;
  /** The last reference to a storage without memory was dropped. */
  storageDropped(place: number): void;
  /** A tensor was made, on any storage. Returns its place in the trace. */
  tensorMade(tensor: Traced): number;
  /** A tensor that the trace has made was freed. */
  tensorDropped(place: number): void;
  /** A node of the graph was made. */
  nodeMade(node: object): void;
  /** The last reference to a storage with memory was dropped: the trace may still need its numbers. */
  storageReleased(storage: Storage): void;
  /** Takes values from the host for elements from `offset` on; they reach the storage in the order of the trace. */
  write(storage: Storage, offset: number, values: TypedArray): void;
  /** All values where the host knows them, null where they may be read from memory. Throws where neither holds. */
  knownValues(storage: Storage): TypedArray | null;
  /** Whether knownValues() would answer, rather than throw. */
  isKnown(storage: Storage): boolean;
  /** Throws: the numbers are asked for in place. */
  viewed(storage: Storage): void;
  /** Numbers from before the trace are written over: their version has grown. */
  touched(storage: Storage): void;
  /** A change of state just made, as what takes it back if the trace is given up. */
  changed(undo: () => void): void;
}

/** The part of a tensor that a tracer works with. */
export interface Traced {
  readonly isFreed: boolean;
  /** Lets the garbage collector return the storage, from now on. */
  watchCollection(): void;
  dispose(): void;
}

let tracer: StorageTracer | null = null;

/** The tracer of the function that is being traced; null in ordinary use. */
export const storageTracer = (): StorageTracer | null => tracer;

/** Installs a tracer and returns the one before. */
export function setStorageTracer(next: StorageTracer | null): StorageTracer | null {
  const previous = tracer;
  tracer = next;
  return previous;
}

const live = { bytes: 0, storages: 0 };

/** Bytes and count of all storages that are alive, over all backends; the figure the leak tests hold. */
export const liveStorage = (): Readonly<typeof live> => ({ ...live });

/** Growth of live bytes before unreachable tensors are looked for, and what must have been made in the meantime. */
const MIN_RECLAIM_BYTES = 3 * 2 ** 26;
const MIN_MADE_BYTES = 2 ** 25;
/** Least live bytes since the last search: an estimate of what is reachable. */
let leastBytes = 0;
let reclaimer: () => void = () => {};

/** Installs what frees the storages of unreachable tensors at once. */
export function setReclaimer(free: () => void): void {
  reclaimer = free;
}

/** Set while storages are in use whose tensors may be unreachable. */
let isReclaimHeld = false;

/** Runs `body`, which uses storages that no tensor may hold any more: nothing unreachable is freed meanwhile. */
export function withoutReclaim<T>(body: () => T): T {
  const before = isReclaimHeld;
  isReclaimHeld = true;
  try {
    return body();
  } finally {
    isReclaimHeld = before;
  }
}

/** Frees what is unreachable, where live bytes have doubled since they were least, and grown by 192 MiB or more. */
export function reclaimIfDue(): void {
  leastBytes = Math.min(leastBytes, live.bytes);
  const growth = live.bytes - leastBytes;
  if (growth >= Math.max(MIN_RECLAIM_BYTES, leastBytes) && bytesMadeSinceSearch() >= MIN_MADE_BYTES) reclaim();
}

/** Bytes that were freed. */
function reclaim(): number {
  if (isReclaimHeld) return 0;
  const before = live.bytes;
  reclaimer();
  noteSearch();
  leastBytes = live.bytes;
  return before - live.bytes;
}

export class Storage {
  readonly backend: StorageBackend;
  readonly dtype: DType;
  readonly length: number;
  /** Grows with every write over the numbers; autograd compares it with what it was when it saved them. */
  version = 0;
  /** The trace that has numbered this storage last, and the number; compile's own. */
  trace: object | null = null;
  traceId = -1;
  #allocation: Allocation | null = null;
  #references = 1;
  /** The trace that has made it, and its place there. */
  #madeIn = 0;
  #place = -1;
  #onFree: Set<() => void> | null = null;

  constructor(backend: StorageBackend, dtype: DType, length: number) {
    this.backend = backend;
    this.dtype = dtype;
    this.length = length;
    if (tracer) {
      this.#place = tracer.storageMade(this);
      this.#madeIn = tracer.serial;
    } else this.materialize();
  }

  get bytes(): number {
    return this.length * dtypes[this.dtype].bytes;
  }

  /** The backend's record of the memory. Throws MemoryError where there is none. */
  get allocation(): Allocation {
    if (this.#allocation === null)
      throw new MemoryError(
        `tensor: ${this.length} ${this.dtype} numbers made inside a compiled function are not there any more`,
        "return the tensor from the function, or call keep() on it",
      );
    return this.#allocation;
  }

  /** False for what a traced function has made and the trace has not run yet. */
  get hasMemory(): boolean {
    return this.#allocation !== null;
  }

  get isFreed(): boolean {
    return this.#references === 0;
  }

  /** True when one handle alone holds this storage, so that an op may write over it. */
  get isExclusive(): boolean {
    return this.#references === 1;
  }

  /** Takes memory. Throws MemoryError where there is none, not even what unreachable tensors held. */
  materialize(): void {
    if (this.#allocation) return;
    reclaimIfDue();
    try {
      this.#allocation = this.backend.allocate(this.dtype, this.length);
    } catch (error) {
      if (!(error instanceof MemoryError) || reclaim() === 0) throw error;
      this.#allocation = this.backend.allocate(this.dtype, this.length);
    }
    live.bytes += this.bytes;
    live.storages++;
  }

  /** Gives memory back, whatever the count of references says. */
  discard(): void {
    const allocation = this.#allocation;
    if (!allocation) return;
    this.#allocation = null;
    live.bytes -= this.bytes;
    live.storages--;
    if (this.#onFree) for (const hear of [...this.#onFree]) hear();
    this.backend.free(allocation);
  }

  /** Notes that numbers are written over. */
  touch(): void {
    this.version++;
    if (tracer && this.#allocation) tracer.touched(this);
  }

  retain(): this {
    this.#references++;
    return this;
  }

  release(): void {
    if (--this.#references > 0) return;
    if (!this.#allocation) {
      if (tracer?.serial === this.#madeIn) tracer.storageDropped(this.#place);
    } else if (tracer) tracer.storageReleased(this);
    else this.discard();
  }

  /** Calls `hear` just before the memory is given back; returns what ends that. Does not keep the storage alive. */
  watchFree(hear: () => void): () => void {
    this.#onFree ??= new Set();
    this.#onFree.add(hear);
    return () => void this.#onFree?.delete(hear);
  }
}
