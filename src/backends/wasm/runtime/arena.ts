/**
 * The memory all tensors of the wasm backend live in: one WebAssembly.Memory of up to 4 GiB, grown on demand, and an
 * allocator over it. Two-level segregated fit (Masmano et al., ECRTS 2004): free blocks hang in lists by size class, a bit
 * per list says which are not empty, neighbours merge when freed; every operation takes constant time.
 */
import { alignUp } from "../../../util/align-up.js";
import { MemoryError } from "../../../util/errors.js";
import { MAX_PAGES } from "../../../wasm/index.js";
import type { ArenaStats } from "../../contract.js";

export const ALIGNMENT = 64;
const PAGE_BYTES = 65536;
/** The first page stays unused, so that no block has pointer 0; the last, so that no end of a block wraps to 0. */
const FIRST_POINTER = PAGE_BYTES;
const USABLE_PAGES = MAX_PAGES - 1;
/** Memory grows by at least this much at a time; untouched pages cost nothing. */
const GROWTH_PAGES = 256;
/** Size classes per power of two. */
const STEPS_LOG2 = 3;
const STEPS = 1 << STEPS_LOG2;
/** Free blocks of about the wanted size that are looked at before a larger one is cut. */
const EQUAL_SIZE_TRIES = 16;
/** In units of ALIGNMENT a size has at most 26 bits. */
const LEVELS = 27;

/** A word that is NaN as float32, and twice as float64, and far from any int32 or byte of a test. */
export const POISON = 0x7ff8dead;

/** A run of memory; `pointer` and `bytes` are multiples of ALIGNMENT. */
export interface Block {
  readonly pointer: number;
  readonly bytes: number;
}

class Node implements Block {
  isFree = false;
  // neighbours by address
  before: Node | null = null;
  after: Node | null = null;
  // neighbours in the list of its size class
  previous: Node | null = null;
  next: Node | null = null;
  constructor(
    public pointer: number,
    public bytes: number,
  ) {}
}

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

/** The class a block of `units` hangs in: rounding down. */
function classOf(units: number): number {
  const level = 31 - Math.clz32(units);
  if (level < STEPS_LOG2) return units;
  const step = (units >>> (level - STEPS_LOG2)) & (STEPS - 1);
  return (level - STEPS_LOG2 + 1) * STEPS + step;
}

/** The smallest class whose blocks all hold `units`: rounding up. */
function searchClassOf(units: number): number {
  const level = 31 - Math.clz32(units);
  if (level < STEPS_LOG2) return units;
  return classOf(units + (1 << (level - STEPS_LOG2)) - 1);
}

export class Arena {
  readonly memory: WebAssembly.Memory;
  readonly #lists: (Node | null)[] = new Array<Node | null>(LEVELS * STEPS).fill(null);
  /** Bit per list that is not empty, a word per level. */
  readonly #filled = new Uint8Array(LEVELS);
  #first: Node;
  #last: Node;
  readonly #limitPages: number;
  #liveBytes = 0;
  #liveBlocks = 0;
  #peakBytes = 0;
  readonly #isPoisoned: boolean;

  /** `limitBytes` lowers the 4 GiB limit; `poison` fills blocks with POISON as they are handed out. Throws MemoryError where the engine refuses to reserve the address space. */
  constructor(shared: boolean, limitBytes = USABLE_PAGES * PAGE_BYTES, poison = false) {
    this.#isPoisoned = poison;
    this.#limitPages = Math.min(USABLE_PAGES, Math.floor(limitBytes / PAGE_BYTES));
    const initial = Math.min(GROWTH_PAGES, this.#limitPages);
    try {
      this.memory = new WebAssembly.Memory({ initial, maximum: MAX_PAGES, shared });
    } catch (error) {
      throw new MemoryError(
        `arena: the address space for a WebAssembly memory was refused (${error instanceof Error ? error.message : error})`,
        "dispose() backends that are no longer used",
      );
    }
    this.#first = new Node(FIRST_POINTER, initial * PAGE_BYTES - FIRST_POINTER);
    this.#last = this.#first;
    this.#insert(this.#first);
  }

  get stats(): ArenaStats {
    return {
      liveBytes: this.#liveBytes,
      liveBlocks: this.#liveBlocks,
      peakBytes: this.#peakBytes,
      committedBytes: this.#last.pointer + this.#last.bytes,
    };
  }

  /** A block of at least `bytes`. Throws MemoryError, which says what holds the memory, when there is none. */
  allocate(bytes: number): Block {
    const wanted = Math.max(ALIGNMENT, alignUp(bytes, ALIGNMENT));
    const node = this.#find(wanted) ?? this.#grow(wanted);
    this.#remove(node);
    if (node.bytes > wanted) this.#insert(this.#split(node, wanted));
    node.isFree = false;
    this.#liveBytes += node.bytes;
    this.#liveBlocks++;
    this.#peakBytes = Math.max(this.#peakBytes, this.#liveBytes);
    this.poison(node);
    return node;
  }

  /** Fills a block with NaN, so that elements never written show; does nothing unless the arena was created with poison. */
  poison({ pointer, bytes }: Block): void {
    if (this.#isPoisoned) new Uint32Array(this.memory.buffer, pointer, bytes / 4).fill(POISON);
  }

  /** Takes back a block of allocate(). Throws MemoryError when it was taken back before. */
  free(block: Block): void {
    let node = block as Node;
    if (node.isFree) throw new MemoryError(`arena: block ${node.pointer} was freed twice`);
    this.#liveBytes -= node.bytes;
    this.#liveBlocks--;
    // a new record takes over the memory, so that the caller's one stays recognisable as freed
    const fresh = new Node(node.pointer, node.bytes);
    this.#replace(node, fresh);
    node.isFree = true;
    node = fresh;
    if (node.after?.isFree) this.#absorb(node, node.after);
    if (node.before?.isFree) {
      const { before } = node;
      this.#remove(before);
      this.#join(before, node);
      node = before;
    }
    this.#insert(node);
  }

  #find(bytes: number): Node | null {
    // training frees and asks for the same sizes again: an equal block is in the class that rounding up would skip
    let candidate: Node | null = this.#lists[classOf(bytes / ALIGNMENT)] ?? null;
    for (let i = 0; candidate && i < EQUAL_SIZE_TRIES; i++, candidate = candidate.next)
      if (candidate.bytes >= bytes) return candidate;
    const start = searchClassOf(bytes / ALIGNMENT);
    let level = start >>> STEPS_LOG2;
    if (level >= LEVELS) return null;
    let bits = this.#filled[level]! & (0xff << (start & (STEPS - 1)));
    while (bits === 0) {
      if (++level >= LEVELS) return null;
      bits = this.#filled[level]!;
    }
    return this.#lists[level * STEPS + (31 - Math.clz32(bits & -bits))]!;
  }

  #insert(node: Node): void {
    const index = classOf(node.bytes / ALIGNMENT);
    const head = this.#lists[index]!;
    node.isFree = true;
    node.previous = null;
    node.next = head;
    if (head) head.previous = node;
    this.#lists[index] = node;
    this.#filled[index >>> STEPS_LOG2]! |= 1 << (index & (STEPS - 1));
  }

  #remove(node: Node): void {
    const index = classOf(node.bytes / ALIGNMENT);
    if (node.next) node.next.previous = node.previous;
    if (node.previous) node.previous.next = node.next;
    else {
      this.#lists[index] = node.next;
      if (!node.next) this.#filled[index >>> STEPS_LOG2]! &= ~(1 << (index & (STEPS - 1)));
    }
    node.previous = null;
    node.next = null;
  }

  /** Cuts `node` to `bytes` and returns the rest. */
  #split(node: Node, bytes: number): Node {
    const rest = new Node(node.pointer + bytes, node.bytes - bytes);
    node.bytes = bytes;
    rest.before = node;
    rest.after = node.after;
    if (node.after) node.after.before = rest;
    else this.#last = rest;
    node.after = rest;
    return rest;
  }

  #absorb(node: Node, free: Node): void {
    this.#remove(free);
    this.#join(node, free);
  }

  /** Adds `second`, which follows `first` and is in no list, to `first`. */
  #join(first: Node, second: Node): void {
    first.bytes += second.bytes;
    first.after = second.after;
    if (second.after) second.after.before = first;
    else this.#last = first;
  }

  #replace(old: Node, fresh: Node): void {
    fresh.before = old.before;
    fresh.after = old.after;
    if (old.before) old.before.after = fresh;
    else this.#first = fresh;
    if (old.after) old.after.before = fresh;
    else this.#last = fresh;
  }

  /** A free block of at least `bytes` at the end of the enlarged memory. */
  #grow(bytes: number): Node {
    const last = this.#last;
    const end = last.pointer + last.bytes;
    const missing = bytes - (last.isFree ? last.bytes : 0);
    const needed = Math.ceil(missing / PAGE_BYTES);
    const pages = end / PAGE_BYTES;
    const added = Math.min(Math.max(needed, GROWTH_PAGES), this.#limitPages - pages);
    if (added < needed) throw this.#exhausted(bytes);
    try {
      this.memory.grow(added);
    } catch {
      throw this.#exhausted(bytes);
    }
    const addition = new Node(end, added * PAGE_BYTES);
    addition.before = last;
    last.after = addition;
    this.#last = addition;
    if (!last.isFree) {
      this.#insert(addition);
      return addition;
    }
    this.#remove(last);
    this.#join(last, addition);
    this.#insert(last);
    return last;
  }

  #exhausted(bytes: number): MemoryError {
    const bySize = new Map<number, number>();
    let largestFree = 0;
    for (let node: Node | null = this.#first; node; node = node.after)
      if (node.isFree) largestFree = Math.max(largestFree, node.bytes);
      else bySize.set(node.bytes, (bySize.get(node.bytes) ?? 0) + 1);
    const largest = [...bySize]
      .sort(([a], [b]) => b - a)
      .slice(0, 3)
      .map(([size, count]) => `${count} × ${mebibytes(size)}`);
    return new MemoryError(
      `arena: no room for ${mebibytes(bytes)}; ${mebibytes(this.#liveBytes)} of ${mebibytes(this.#limitPages * PAGE_BYTES)} are held by ${this.#liveBlocks} tensors and buffers` +
        ` (largest: ${largest.join(", ") || "none"}), the largest free run is ${mebibytes(largestFree)}`,
      "a smaller batch, or scope(() => …) around work whose results are not needed later",
    );
  }
}
