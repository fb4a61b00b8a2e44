/**
 * Whether labels fit the classes that they are of.
 */
import { isFloat } from "../tensor/dtype.js";
import { sameShape, showShape } from "../tensor/shape.js";
import { storageTracer } from "../tensor/storage.js";
import type { Tensor } from "../tensor/tensor.js";
import { DTypeError, ShapeError } from "../util/errors.js";

/** Throws ShapeError or DTypeError unless scores are [..., K] and labels integers [...], in 0 … K−1 where they can be read. */
export function checkClasses(where: string, scores: Tensor, labels: Tensor, ignoreIndex?: number): void {
  if (scores.rank === 0 || !sameShape(scores.shape.slice(0, -1), labels.shape)) throw unfit(where, scores, labels);
  if (isFloat(labels.dtype))
    throw new DTypeError(
      `${where}: labels are ${labels.dtype}, expected int32 class indices`,
      "tensor(Int32Array.from(labels))",
    );
  // of labels that a compiled function computes, gather's and oneHot's own check speaks
  if (!labels.backend.readSync || storageTracer()?.isKnown(labels.storage) === false) return;
  const classes = scores.shape.at(-1)!;
  const values = labels.dataSync();
  const isOutside = (label: number) => (label < 0 || label >= classes) && label !== ignoreIndex;
  const at = values.findIndex((label) => isOutside(Number(label)));
  if (at < 0) return;
  const wrong = Number(values[at]);
  throw new ShapeError(
    `${where}: label ${wrong} at position ${at}, but logits ${showShape(scores.shape)} have the classes 0 to ${classes - 1}`,
    wrong < 0
      ? `ignoreIndex: ${wrong} leaves such positions out`
      : `the model needs numClasses of at least ${wrong + 1}, or the labels are not counted from 0`,
  );
}

function unfit(where: string, scores: Tensor, labels: Tensor): ShapeError {
  const [n, second, ...rest] = scores.shape;
  const isChannelsFirst = scores.rank > 2 && sameShape([n!, ...rest], labels.shape);
  const perm = [0, ...rest.map((_, i) => i + 2), 1];
  return new ShapeError(
    `${where}: logits ${showShape(scores.shape)} and labels ${showShape(labels.shape)}, expected [..., K] and [...]`,
    isChannelsFirst
      ? `the ${second} classes come last here: logits.transpose(${showShape(perm)})`
      : "such as [N, K] and [N], or [N, H, W, K] and [N, H, W]; probabilities have the shape of the logits",
  );
}

/** Throws ShapeError unless there is a weight for each class. */
export function checkWeight(where: string, weight: Tensor, classes: number): void {
  if (!weight.hasShape([classes]))
    throw new ShapeError(`${where}: weight ${showShape(weight.shape)}, expected [${classes}], one for each class`);
}
