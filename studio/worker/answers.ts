/** What the model answers to all pictures, as the page shows it: probabilities, confusion, the worst first. */
import type { Answers, Confusion, PictureInfo, Side } from "../protocol.js";

/** Logits [n, classes] -> probabilities, each row by itself. */
export function probabilitiesOf(logits: Float32Array, classes: number): Float32Array<ArrayBuffer> {
  const scores = new Float32Array(logits.length);
  for (let row = 0; row < logits.length; row += classes) {
    let most = Number.NEGATIVE_INFINITY;
    for (let k = row; k < row + classes; k++) most = Math.max(most, logits[k]!);
    let sum = 0;
    for (let k = row; k < row + classes; k++) sum += Math.exp(logits[k]! - most);
    for (let k = row; k < row + classes; k++) scores[k] = Math.exp(logits[k]! - most) / sum;
  }
  return scores;
}

/** Place of the largest in each row; the first of equals. */
export function likeliest(scores: Float32Array, classes: number): Int32Array {
  const best = new Int32Array(scores.length / classes);
  for (let i = 0; i < best.length; i++)
    for (let k = 1; k < classes; k++) if (scores[i * classes + k]! > scores[i * classes + best[i]!]!) best[i] = k;
  return best;
}

/** Answers in the order of `pictures`. */
export function answersOf(
  pictures: readonly PictureInfo[],
  scores: Float32Array<ArrayBuffer>,
  classes: number,
): Answers {
  const best = likeliest(scores, classes);
  const score = (i: number): number => scores[i * classes + best[i]!]!;
  // wrong ones first, of high confidence; then right ones of low confidence; then those without a class
  const rank = (i: number): number => {
    const own = pictures[i]!.class;
    if (own === null) return 2;
    return own === best[i] ? 1 : 0;
  };
  const order = [...pictures.keys()].sort(
    (a, b) => rank(a) - rank(b) || (rank(a) === 0 ? score(b) - score(a) : score(a) - score(b)) || a - b,
  );
  return {
    ids: Int32Array.from(pictures, ({ id }) => id),
    classes,
    scores,
    worstFirst: Int32Array.from(order),
  };
}

/** Share of right answers on one side; null where it has no pictures. */
export function accuracyOn(side: Side, pictures: readonly PictureInfo[], best: Int32Array): number | null {
  const own = [...pictures.keys()].filter((i) => pictures[i]!.side === side);
  if (own.length === 0) return null;
  return own.filter((i) => pictures[i]!.class === best[i]).length / own.length;
}

/** Of validation, or of training where nothing is kept for it. */
export function confusionOf(pictures: readonly PictureInfo[], best: Int32Array, classes: number): Confusion {
  const side: Side = pictures.some((picture) => picture.side === "val") ? "val" : "train";
  const counts = new Int32Array(classes * classes);
  for (const [i, picture] of pictures.entries())
    if (picture.side === side && picture.class !== null) counts[picture.class * classes + best[i]!]! += 1;
  return { side, classes, counts };
}
