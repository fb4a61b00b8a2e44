/**
 * Gram and Schmidt's process, in place over float64 vectors.
 */

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

/** Takes from each vector what lies along those before it, and makes it 1 long. There are no more vectors than numbers in each. */
export function orthonormalColumns(vectors: readonly Float64Array[]): readonly Float64Array[] {
  for (const [i, vector] of vectors.entries()) {
    // twice is enough: what rounding leaves after the first pass is gone after the second (Giraud et al. 2005)
    for (let pass = 0; pass < 2; pass++)
      for (const before of vectors.slice(0, i)) {
        const share = dot(vector, before);
        for (let k = 0; k < vector.length; k++) vector[k]! -= share * before[k]!;
      }
    const length = Math.sqrt(dot(vector, vector));
    for (let k = 0; k < vector.length; k++) vector[k]! /= length;
  }
  return vectors;
}
