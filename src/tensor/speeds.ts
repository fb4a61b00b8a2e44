/**
 * How fast a backend is, as its own measurements say: what chooses between two ways to the same result asks for it.
 * Rates are those of one thread of the machine that they were measured on; a choice depends on their ratios alone.
 */
export interface Speeds {
  /** Multiply-adds a second of products and dense convolutions in float32. */
  readonly products: number;
  /** Multiply-adds a second of grouped and depthwise convolutions in float32. */
  readonly groupedProducts: number;
  /** Multiply-adds a second of products of small matrices in float64. */
  readonly doubleProducts: number;
  /** Bytes a second, read and written, of what is bound by memory. */
  readonly bytes: number;
}
