/** Batches of made-up bytes and a small MobileOne, for training on a device. */
import type { Batch } from "../../src/data/reading/loader.js";
import type { Variant } from "../../src/models/mobileone/variants.js";

export const CLASSES = 3;
export const small: Variant = {
  widths: [0.25, 0.25, 0.25, 0.25],
  numConvBranches: 2,
  squeezeExciteUnits: [0, 0, 0, 0],
  units: [1, 1, 1, 1],
};

/** Pictures of made-up bytes; `shared` as data threads hand them over. */
export function madeBatch(seed: number, size: number, height: number, width: number, shared = false): Batch {
  const length = size * height * width * 3;
  const images = new Uint8Array(shared ? new SharedArrayBuffer(length) : new ArrayBuffer(length));
  for (let i = 0; i < length; i++) images[i] = Math.imul(i + 1 + 977 * seed, 2654435761) >>> 24;
  return {
    images,
    labels: Int32Array.from({ length: size }, (_, i) => (i + seed) % CLASSES),
    indices: new Uint32Array(size),
    ...{ size, height, width, dataWaitMs: 0, next: { epoch: 0, position: 0 }, release: () => {} },
  };
}
