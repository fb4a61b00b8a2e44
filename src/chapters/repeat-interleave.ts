/**
 * Elements repeated as often as numbers say.
 */
import { flatten } from "../ops/functional/axes.js";
import { chain } from "../ops/functional/chain.js";
import { multiplied } from "../ops/functional/multiplied.js";
import { type AsMethods, installMethods } from "../ops/method.js";
import { checkShape, normalizeAxis, showShape } from "../tensor/shape.js";
import { Tensor } from "../tensor/tensor.js";
import { ShapeError } from "../util/errors.js";
import { indexSelect } from "./indexing.js";

/**
 * Each element as many times in a row as `repeats` says: one number, or one for each position along the axis, in a list or an
 * int32 tensor whose values are read on the host. Without an axis x is flattened first (torch.repeat_interleave).
 *
 * @example
 * ```ts
 * console.log(repeatInterleave(tensor([1, 2]), 2).toArray()); // [1, 1, 2, 2]
 * console.log(repeatInterleave(tensor([1, 2]), [1, 2]).toArray()); // [1, 2, 2]
 * ```
 */
export function repeatInterleave(x: Tensor, repeats: number | readonly number[] | Tensor, axis?: number): Tensor {
  if (axis === undefined) return chain(x, flatten, (y) => repeatInterleave(y, repeats, 0));
  const at = normalizeAxis(axis, x.rank, "repeatInterleave");
  const counts =
    typeof repeats === "number" ? [repeats] : [...(repeats instanceof Tensor ? repeats.dataSync() : repeats)];
  checkShape(counts, "repeatInterleave: repeats");
  if (counts.length === 1)
    return multiplied(
      x,
      x.shape.map((_, i) => (i === at ? counts[0]! : 1)),
      true,
    );
  if (counts.length !== x.shape[at])
    throw new ShapeError(
      `repeatInterleave: ${counts.length} repeats, axis ${axis} of ${showShape(x.shape)} has ${x.shape[at]}`,
    );
  const positions = counts.flatMap((count, i) => new Array<number>(count).fill(i));
  return indexSelect(x, at, positions);
}

const methods = { repeatInterleave };
installMethods(methods);

declare module "../tensor/tensor.js" {
  interface Tensor extends AsMethods<Pick<typeof import("./repeat-interleave.js"), keyof typeof methods>> {}
}
