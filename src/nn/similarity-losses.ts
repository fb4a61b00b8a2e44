/**
 * Losses of vectors: their angle, and which of two is nearer. Vectors lie along the last axis.
 */
import * as F from "../ops/functional/index.js";
import { scope } from "../tensor/scope.js";
import { normalizeAxis } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { expectAlike, expectReduction, type ReductionOptions, reduce } from "./reduction.js";

/** Along which axis vectors lie, and what keeps a vector of zeros from dividing by 0. */
export interface CosineSimilarityOptions {
  /** Default -1; torch's is 1, the same of [N, C]. */
  readonly axis?: number;
  /** Default 1e-8. */
  readonly eps?: number;
}

/** At least eps, with the gradient of the length itself, as torch has it. */
function lengthOf(x: Tensor, axis: number, eps: number): Tensor {
  const squared = F.sum(F.square(x), axis);
  return F.sqrt(F.add(F.maximum(squared.detach(), eps * eps), F.sub(squared, squared.detach())));
}

/** max(x, 0) with all of the gradient at 0 (torch.clamp_min). */
const positivePart = (x: Tensor): Tensor => F.where(F.less(x, 0), 0, x);

/**
 * x₁·x₂ / (|x₁| |x₂|) along an axis (torch.nn.functional.cosine_similarity); the two broadcast, and the axis is dropped.
 *
 * @example
 * ```ts
 * console.log(nn.cosineSimilarity(tensor([[3, 4]]), tensor([[4, 3]])).shape); // [1]
 * ```
 */
export function cosineSimilarity(
  x1: Tensor,
  x2: Tensor,
  { axis = -1, eps = 1e-8 }: CosineSimilarityOptions = {},
): Tensor {
  const at = normalizeAxis(axis, Math.max(x1.rank, x2.rank), "cosineSimilarity");
  return scope(() => {
    const products = F.mul(x1, x2);
    // alike, so that the axis means the same in both
    const [size1, size2] = [x1, x2].map((x) => lengthOf(F.broadcastTo(x, products.shape), at, eps));
    return F.div(F.sum(products, at), F.mul(size1!, size2!));
  });
}

/** From where on unlike vectors cost something. */
export interface MarginOptions extends ReductionOptions {
  readonly margin?: number;
}

/** torch's cosine_embedding_loss adds it to both squared lengths, as a float. */
const COSINE_EPS = Math.fround(1e-12);

/**
 * 1 − cos where y is 1, max(0, cos − margin) where it is −1 (torch.nn.functional.cosine_embedding_loss): x₁ and x₂ [..., C], y [...]
 * -> scalar, or [...] without a reduction. Margin 0 unless said otherwise.
 */
export function cosineEmbeddingLoss(x1: Tensor, x2: Tensor, y: Tensor, options: MarginOptions = {}): Tensor {
  const { margin = 0, reduction = "mean" } = options;
  expectReduction("cosineEmbeddingLoss", reduction);
  expectAlike("cosineEmbeddingLoss", x1, x2);
  return scope(() => {
    const [first, second] = [x1, x2].map((x) => F.add(F.sum(F.square(x), -1), COSINE_EPS));
    const cosine = F.div(F.sum(F.mul(x1, x2), -1), F.sqrt(F.mul(first!, second!)));
    expectAlike("cosineEmbeddingLoss", cosine, y);
    const unlike = positivePart(F.sub(cosine, margin));
    return reduce(F.where(F.equal(y, 1), F.sub(1, cosine), F.where(F.equal(y, -1), unlike, 0)), reduction);
  });
}

/** The margin of a triplet loss, and which of two distances to the negative counts. */
export interface TripletOptions extends MarginOptions {
  /** Takes the positive's distance to the negative where that is smaller (Balntas et al. 2016). Default false. */
  readonly swap?: boolean;
  /** Added to each difference. Default 1e-6. */
  readonly eps?: number;
}

/**
 * max(0, |a − p| − |a − n| + margin) of anchors, positives and negatives [..., C] (torch.nn.functional.triplet_margin_loss, p
 * = 2) -> scalar, or [...] without a reduction. Margin 1 unless said otherwise.
 */
export function tripletMarginLoss(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  options: TripletOptions = {},
): Tensor {
  const { margin = 1, swap = false, eps = 1e-6, reduction = "mean" } = options;
  expectReduction("tripletMarginLoss", reduction);
  expectAlike("tripletMarginLoss", anchor, positive);
  expectAlike("tripletMarginLoss", anchor, negative);
  const distance = (a: Tensor, b: Tensor) => F.sqrt(F.sum(F.square(F.add(F.sub(a, b), eps)), -1));
  return scope(() => {
    const far = distance(anchor, negative);
    const nearest = swap ? F.minimum(far, distance(positive, negative)) : far;
    return reduce(positivePart(F.add(F.sub(distance(anchor, positive), nearest), margin)), reduction);
  });
}
