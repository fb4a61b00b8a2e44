/**
 * Calls in order, gathered into one command buffer: one compute pass, one submit. Calls return at once; work starts at
 * flush(), which reading, writing and a full list bring about.
 */
import type { Call } from "./calls.js";
import { type Dispatch, encodePass } from "./dispatch.js";
import { DispatchCache } from "./dispatch-cache.js";

/** Dispatches after which work is handed over, so that the device starts while the host goes on. */
const EAGER = 256;

export class CommandQueue {
  readonly #device: GPUDevice;
  readonly #cache: DispatchCache;
  #pending: Dispatch[] = [];
  /** Dispatches and submits so far. */
  readonly counts = { dispatches: 0, submits: 0 };

  constructor(device: GPUDevice) {
    this.#device = device;
    this.#cache = new DispatchCache(device);
  }

  /** Dispatches that would be found again. */
  get kept(): number {
    return this.#cache.size;
  }

  push(call: Call): void {
    this.#pending.push(this.#cache.of(call));
    if (this.#pending.length >= EAGER) this.flush();
  }

  flush(): void {
    const pending = this.#pending;
    if (pending.length === 0) return;
    this.#pending = [];
    this.#cache.upload();
    this.submit((encoder) => encodePass(encoder, pending), pending.length);
  }

  /** Encodes and submits at once; what was pushed before goes first. */
  submit(encode: (encoder: GPUCommandEncoder) => void, dispatches = 0): void {
    this.flush();
    const encoder = this.#device.createCommandEncoder();
    encode(encoder);
    this.#device.queue.submit([encoder.finish()]);
    this.counts.submits++;
    this.counts.dispatches += dispatches;
  }

  /** Before buffers end: hands over what uses them and forgets it. */
  forget(): void {
    this.flush();
    this.#cache.clear();
  }

  dispose(): void {
    this.#cache.destroy();
  }
}
