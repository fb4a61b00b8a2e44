/**
 * What a loader of pictures gives: types alone, which a tab may know.
 */
import type { SamplerState } from "./sampler.js";

/** Decoded pictures with their labels. */
export interface Batch {
  /** [size, height, width, 3], RGB. May lie in shared memory. */
  readonly images: Uint8Array;
  /** [size] class indices. */
  readonly labels: Int32Array;
  /** [size] indices into the data set. */
  readonly indices: Uint32Array;
  readonly size: number;
  readonly height: number;
  readonly width: number;
  /** How long the consumer stood waiting for this batch. */
  readonly dataWaitMs: number;
  /** Where its rank goes on after this batch. */
  readonly next: SamplerState;
  /** Gives the memory of `images` back for a later batch; optional, and `images` must not be read afterwards. */
  release(): void;
}
