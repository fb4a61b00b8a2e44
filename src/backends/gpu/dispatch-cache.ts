/**
 * Dispatches by everything that they consist of, so that a training step run op by op finds those of the step before. Two
 * generations: what the younger has not seen since it began is forgotten when it is full.
 */
import type { Call } from "./calls.js";
import { bindCall, type Dispatch } from "./dispatch.js";
import { ParameterPages } from "./parameter-pages.js";

/** Of one generation; a step of S0 has about six thousand. */
const KEPT = 16_384;

/** Long enough for the bindings and the parameters of any kernel. */
const words = new Uint32Array(256);
const halves = new Uint16Array(words.buffer);

/** A call's numbers, read as characters. */
function keyOf({ pipeline, bound, groups, parameters }: Call): string {
  let at = 0;
  words[at++] = pipeline.id;
  for (const count of groups) words[at++] = count;
  for (const { pooled, offsetBytes, bytes } of bound) {
    words[at++] = pooled.id;
    // multiples of 4, which may pass 2^32 as bytes
    words[at++] = offsetBytes / 4;
    words[at++] = bytes / 4;
  }
  words.set(parameters, at);
  return String.fromCharCode.apply(null, halves.subarray(0, 2 * (at + parameters.length)) as unknown as number[]);
}

export class DispatchCache {
  readonly #device: GPUDevice;
  readonly #pages: ParameterPages;
  #young = new Map<string, Dispatch>();
  #old = new Map<string, Dispatch>();

  constructor(device: GPUDevice) {
    this.#device = device;
    this.#pages = new ParameterPages(device);
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  of(call: Call): Dispatch {
    const key = keyOf(call);
    const known = this.#young.get(key);
    if (known) return known;
    const dispatch = this.#old.get(key) ?? bindCall(this.#device, call, this.#pages.take(call.parameters));
    if (this.#young.size >= KEPT) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, dispatch);
    return dispatch;
  }

  /** Hands new parameters over; before the dispatches are submitted. */
  upload(): void {
    this.#pages.upload();
    this.#pages.dropFull();
  }

  /** When buffers end, what is bound to them is of no use. */
  clear(): void {
    this.#young = new Map();
    this.#old = new Map();
  }

  destroy(): void {
    this.#pages.destroy();
  }
}
