/**
 * Attention, as a function: two batched products with a softmax between them.
 */
import { allocate } from "../../tensor/create.js";
import { isFloat, newArray } from "../../tensor/dtype.js";
import { scope } from "../../tensor/scope.js";
import { showShape } from "../../tensor/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import { ShapeError } from "../../util/errors.js";
import { add, mul, where } from "./elementwise.js";
import { matmul } from "./products.js";
import { dropout } from "./random.js";
import { softmax } from "./reductions.js";

/** The options of torch.nn.functional.scaled_dot_product_attention. */
export interface AttentionOptions {
  /** Broadcasts to [..., L, S]. Floats are added to the scores; of any other dtype, what is not 0 takes part. */
  readonly attnMask?: Tensor | null;
  /** Weights set to 0 with this probability, the others scaled up. Default 0. */
  readonly dropoutP?: number;
  /** Query i sees the keys 0 … i. Default false. */
  readonly isCausal?: boolean;
  /** Of the scores. Default 1 / √E. */
  readonly scale?: number;
}

/** 0 on and below the diagonal of [L, S], −∞ above. */
function causalMask(like: Tensor, queries: number, keys: number): Tensor {
  const values = newArray(like.dtype, queries * keys);
  for (let i = 0; i < queries; i++) for (let j = i + 1; j < keys; j++) values[i * keys + j] = Number.NEGATIVE_INFINITY;
  return allocate([queries, keys], like.dtype, like.storage.backend).write(values);
}

function expectAttention(query: Tensor, key: Tensor, value: Tensor, { attnMask, isCausal }: AttentionOptions): void {
  const [q, k, v] = [query.shape, key.shape, value.shape];
  if (Math.min(q.length, k.length, v.length) < 2 || q.at(-1) !== k.at(-1) || k.at(-2) !== v.at(-2))
    throw new ShapeError(
      `scaledDotProductAttention: query ${showShape(q)}, key ${showShape(k)}, value ${showShape(v)}, expected [..., L, E], [..., S, E], [..., S, Ev]`,
      "heads are an axis before the positions: [N, heads, L, E]",
    );
  if (attnMask && isCausal)
    throw new ShapeError("scaledDotProductAttention: attnMask and isCausal are both given, expected one of them");
}

/** The weights [..., L, S] that each query gives the values. */
function attentionWeights(query: Tensor, key: Tensor, options: AttentionOptions): Tensor {
  const { attnMask, isCausal = false, dropoutP = 0, scale = 1 / Math.sqrt(query.shape.at(-1)!) } = options;
  let scores = matmul(mul(query, scale), key, { transposeB: true });
  const mask = isCausal ? causalMask(query, query.shape.at(-2)!, key.shape.at(-2)!) : attnMask;
  if (mask) scores = isFloat(mask.dtype) ? add(scores, mask) : where(mask, scores, Number.NEGATIVE_INFINITY);
  return dropout(softmax(scores), dropoutP);
}

/**
 * softmax(query · keyᵀ · scale + mask) · value (torch.nn.functional.scaled_dot_product_attention): query [..., L, E], key
 * [..., S, E], value [..., S, Ev] -> [..., L, Ev]. Throws ShapeError where those do not fit, or where a mask and isCausal are both given.
 *
 * @example
 * ```ts
 * const heads = () => rand([2, 3, 197, 64]);
 * console.log(scaledDotProductAttention(heads(), heads(), heads()).shape); // [2, 3, 197, 64]
 * ```
 */
export function scaledDotProductAttention(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  options: AttentionOptions = {},
): Tensor {
  return scope(() => attentionWithWeights(query, key, value, options)[0]);
}

/** The same with the weights that were used: [..., L, Ev] and [..., L, S]. */
export function attentionWithWeights(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  options: AttentionOptions = {},
): readonly [y: Tensor, weights: Tensor] {
  expectAttention(query, key, value, options);
  return scope(() => {
    const weights = attentionWeights(query, key, options);
    return [matmul(weights, value), weights] as const;
  });
}
