import type { Tensor } from "../../tensor/tensor.js";
import { chain } from "./chain.js";
import { broadcastTo, reshape } from "./movement.js";

/** Every axis as `times` copies one after another, or each element `times` times in a row; as many numbers as axes. */
export function multiplied(x: Tensor, times: readonly number[], inPlace: boolean): Tensor {
  const paired = (dim: number, i: number): number[] => (inPlace ? [dim, times[i]!] : [times[i]!, dim]);
  const single = (dim: number): number[] => (inPlace ? [dim, 1] : [1, dim]);
  return chain(
    x,
    (y) => reshape(y, x.shape.flatMap(single)),
    (y) => broadcastTo(y, x.shape.flatMap(paired)),
    (y) =>
      reshape(
        y,
        x.shape.map((dim, i) => dim * times[i]!),
      ),
  );
}
