/**
 * Device buffers by size class, reused: classes lie a quarter of a power of two apart, so that at most a fifth is wasted. A
 * buffer may be given back while work on it is still queued, since the queue runs in order.
 */
import { MemoryError } from "../../util/errors.js";

const STORAGE_COPY_BOTH_WAYS = 0x80 | 0x04 | 0x08;
const SMALLEST = 256;

export interface PooledBuffer {
  readonly id: number;
  readonly bytes: number;
  readonly buffer: GPUBuffer;
}

/** By size class. */
export type IdleBuffers = Map<number, PooledBuffer[]>;

/** Numbers beyond this have no index in a kernel, whatever a device binds. */
const INDEXED_BYTES = 4 * (2 ** 31 - 1);
/** A read takes what the checks found along, behind the numbers. */
const READ_EXTRA_BYTES = 16;

let nextId = 1;

/** The class of a size: 1, 1¼, 1½ or 1¾ times a power of two, at least 256. */
export function sizeClass(bytes: number): number {
  if (bytes <= SMALLEST) return SMALLEST;
  const power = 2 ** Math.floor(Math.log2(bytes));
  return power + Math.ceil((4 * (bytes - power)) / power) * (power / 4);
}

export class BufferPool {
  readonly #device: GPUDevice;
  #idle: IdleBuffers = new Map();
  /** Another pool's, taken before new ones are made: they may still be worked on, the queue runs in order. */
  readonly #inherited: IdleBuffers;
  readonly #all = new Set<GPUBuffer>();
  readonly #onTake: ((buffer: GPUBuffer) => void) | undefined;
  #bytes = 0;

  /** `onTake` sees every buffer before it is used, new or again. */
  constructor(device: GPUDevice, onTake?: (buffer: GPUBuffer) => void, inherited: IdleBuffers = new Map()) {
    this.#device = device;
    this.#onTake = onTake;
    this.#inherited = inherited;
  }

  /** Bytes that a kernel can bind, index and read in one piece. */
  get largest(): number {
    const { maxStorageBufferBindingSize, maxBufferSize } = this.#device.limits;
    return Math.min(maxStorageBufferBindingSize, maxBufferSize - READ_EXTRA_BYTES, INDEXED_BYTES);
  }

  /** Of all buffers, in use or idle. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Memory with whatever was in it before. Throws MemoryError above what the device can bind. */
  take(bytes: number): PooledBuffer {
    const taken = this.#idleOrNew(bytes);
    this.#onTake?.(taken.buffer);
    return taken;
  }

  #idleOrNew(bytes: number): PooledBuffer {
    const { largest } = this;
    const size = Math.min(sizeClass(bytes), Math.max(bytes, largest));
    const idle = this.#idle.get(size)?.pop();
    if (idle) return idle;
    if (bytes > largest)
      throw new MemoryError(
        `gpu: a tensor of ${bytes} bytes, the device takes at most ${largest} in one piece`,
        "a smaller batch or image size",
      );
    this.#bytes += size;
    const made = this.#inherited.get(size)?.pop() ?? {
      id: nextId++,
      bytes: size,
      buffer: this.#device.createBuffer({ size, usage: STORAGE_COPY_BOTH_WAYS }),
    };
    this.#all.add(made.buffer);
    return made;
  }

  give(buffer: PooledBuffer): void {
    const list = this.#idle.get(buffer.bytes) ?? [];
    this.#idle.set(buffer.bytes, list);
    // The oldest last, which is taken next: what is idle, not in which order it came back, decides who gets what, so that
    // a step done again uses the same buffers again.
    let at = list.length;
    while (at > 0 && list[at - 1]!.id < buffer.id) at--;
    list.splice(at, 0, buffer);
  }

  /** Every buffer as if it were taken anew. */
  takeAnew(): void {
    if (this.#onTake) for (const buffer of this.#all) this.#onTake(buffer);
  }

  /**
   * Idle buffers, for another pool. Destroyed instead, their memory would be the device's again only when its work on them
   * is done, and the other pool's came on top of it.
   */
  takeIdle(): IdleBuffers {
    const idle = this.#idle;
    this.#idle = new Map();
    for (const { bytes, buffer } of [...idle.values()].flat()) {
      this.#bytes -= bytes;
      this.#all.delete(buffer);
    }
    return idle;
  }

  /** Returns inherited buffers that are not in use to the device; work that was submitted on them goes on. */
  endInherited(): void {
    for (const { buffer } of [...this.#inherited.values()].flat()) buffer.destroy();
    this.#inherited.clear();
  }

  /** Ends all buffers, in use or not. */
  destroy(): void {
    for (const buffer of this.#all) buffer.destroy();
  }
}
