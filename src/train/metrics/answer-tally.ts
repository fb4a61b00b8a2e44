/**
 * Collects the answers for the pictures of a data set, batch by batch, by class or picture by picture. What several processes
 * collected of their shares adds up to what one would have.
 */
import type { TypedArray } from "../../tensor/dtype.js";
import { type ConfusionMatrix, emptyMatrix } from "./confusion-matrix.js";
import { KEPT_CLASSES, largestOf, type Prediction, predictionOf } from "./predictions.js";

/** What is kept of the answers: nothing, counts by class, or each of them as well. */
export type AnswerDetail = "totals" | "classes" | "pictures";

/** Adds up an array over all processes, in place. */
type SumOverProcesses = (values: Float64Array) => Promise<void>;

/** The answers that were kept. */
export interface Answers {
  readonly confusion?: ConfusionMatrix;
  /** In the order of the data set. */
  readonly predictions?: readonly Prediction[];
}

/** Of a picture in what is summed: whether it was seen, label, its score, then class and score of each kept class. */
const HEAD = 3;

function packed(predictions: readonly Prediction[], kept: number, into: Float64Array): Float64Array {
  const width = HEAD + 2 * kept;
  for (const { picture, label, labelScore, top } of predictions)
    into.set([1, label, labelScore, ...top.flatMap(({ index, score }) => [index, score])], picture * width);
  return into;
}

function unpacked(table: Float64Array, kept: number): Prediction[] {
  const width = HEAD + 2 * kept;
  const predictions: Prediction[] = [];
  for (let picture = 0; picture * width < table.length; picture++) {
    const [isSeen, label, labelScore, ...rest] = table.subarray(picture * width, (picture + 1) * width);
    if (!isSeen) continue;
    const top = Array.from({ length: kept }, (_, i) => ({ index: rest[2 * i]!, score: rest[2 * i + 1]! }));
    const { index: predicted, score } = top[0]!;
    predictions.push({ picture, label: label!, predicted, score, labelScore: labelScore!, top });
  }
  return predictions;
}

/** A tally of the answers of one process. */
export class AnswerTally {
  readonly #detail: AnswerDetail;
  #confusion: ConfusionMatrix | undefined;
  readonly #predictions: Prediction[] = [];

  constructor(detail: AnswerDetail) {
    this.#detail = detail;
  }

  /** Adds finite logits [N, classes] of the pictures with these labels and places in the data set. */
  add(logits: TypedArray, labels: ArrayLike<number>, pictures: ArrayLike<number>): void {
    // a batch is empty where none of its pictures could be read
    if (this.#detail === "totals" || labels.length === 0) return;
    const classes = logits.length / labels.length;
    this.#confusion ??= emptyMatrix(classes);
    for (let i = 0; i < labels.length; i++) {
      const row = logits.subarray(i * classes, (i + 1) * classes);
      const label = labels[i]!;
      this.#confusion.counts[label * classes + largestOf(row, label, 1)[0]!]!++;
      if (this.#detail === "pictures") this.#predictions.push(predictionOf(row, label, pictures[i]!));
    }
  }

  /** What all processes saw; `most` is the largest of a number over them. Every process calls it, also one without pictures. */
  async total(sum: SumOverProcesses, most: (value: number) => Promise<number>): Promise<Answers> {
    if (this.#detail === "totals") return {};
    const classes = await most(this.#confusion?.numClasses ?? 0);
    const confusion = this.#confusion ?? emptyMatrix(classes);
    await sum(confusion.counts);
    if (this.#detail === "classes") return { confusion };
    const pictures = await most(this.#predictions.reduce((last, { picture }) => Math.max(last, picture + 1), 0));
    const kept = Math.min(KEPT_CLASSES, classes);
    const table = packed(this.#predictions, kept, new Float64Array(pictures * (HEAD + 2 * kept)));
    await sum(table);
    return { confusion, predictions: unpacked(table, kept) };
  }
}
