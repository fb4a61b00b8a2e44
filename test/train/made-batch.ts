/** Pictures made from numbers, for tests of training steps: of every replica and step others. */
import type { Batch } from "../../src/data/reading/loader.js";

export function madeBatch(numClasses: number, replica: number, step: number, size = 4, side = 32): Batch {
  const images = Uint8Array.from(
    { length: size * side * side * 3 },
    (_, i) => Math.abs(Math.imul(i + 1, 2654435761) ^ Math.imul(replica * 31 + step + 7, 40503)) % 256,
  );
  return {
    images,
    labels: Int32Array.from({ length: size }, (_, i) => (i + replica + step) % numClasses),
    indices: new Uint32Array(size),
    ...{ size, height: side, width: side, dataWaitMs: 0, next: { epoch: 0, position: 0 }, release: () => {} },
  };
}
