/**
 * Indices as ops take them: int32.
 */
import type { Tensor } from "../../tensor/tensor.js";
import { apply } from "../apply.js";

/**
 * Calls `body` with the indices as int32, and drops what was made for that; int64 comes by way of float64, so that an index
 * beyond int32 stays out of every range.
 */
export function withIndices<R>(indices: Tensor, body: (indices: Tensor) => R): R {
  if (indices.dtype !== "int64") return body(indices);
  const [numbers] = apply("cast", [indices], { dtype: "float64" });
  const [short] = apply("cast", [numbers], { dtype: "int32" });
  numbers.dispose();
  try {
    return body(short);
  } finally {
    short.dispose();
  }
}
