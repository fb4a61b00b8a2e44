/** Classes with their names and scores, as people read them. */

/** A class with its probability. */
export interface Classification {
  /** Its name, or its index as text where no names are known. */
  readonly label: string;
  readonly index: number;
  /** Softmax of the logits, 0 to 1. */
  readonly score: number;
}

/** The `topK` likeliest of `scores`, equal ones in their order. */
export function likeliest(
  scores: ArrayLike<number>,
  names: readonly string[] | null | undefined,
  topK: number,
): Classification[] {
  return Array.from(scores, (score, index) => ({ label: names?.[index] ?? String(index), index, score }))
    .sort((a, b) => b.score - a.score)
    .slice(0, topK);
}
