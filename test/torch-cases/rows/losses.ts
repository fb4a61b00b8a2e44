/** Losses over their options. Classes are the last axis here, the second one in PyTorch. */
import * as T from "../../../src/index.js";
import type { Row } from "../case.js";
import { type Draw, keywords, type Range } from "../draw.js";
import { given } from "./products.js";

const { nn } = T;
const reductions = ["mean", "sum", "none"] as const;

/** Logits [..., K], labels, and the weights of classes where there are any. */
function classes(d: Draw, hasWeight: boolean): { readonly first: string; readonly k: number } {
  const k = d.int(1, 6);
  const places = d.chance(0.6) ? [d.int(1, 6)] : [d.int(1, 3), d.int(1, 3), d.int(1, 3)];
  d.float([...places, k]).integers(places, 0, k - 1);
  if (hasWeight) d.fixed([k], { low: 0.1, high: 2 });
  return { first: places.length > 1 ? "nchw(a)" : "a", k };
}

/** Number against number, with options drawn. */
const pointwise =
  (
    ours: (x: T.Tensor, target: T.Tensor, options: never) => T.Tensor,
    torch: string,
    drawn: (d: Draw) => Readonly<Record<string, number | boolean | string | undefined>> = () => ({}),
    left: Range = {},
    right: Range = left,
    hasTargetGradient = true,
  ): Row =>
  (d) => {
    const shape = d.shape(1, 3, 1);
    const options = { reduction: d.pick(...reductions), ...drawn(d) };
    d.float(shape, left);
    if (hasTargetGradient) d.float(shape, right);
    else d.fixed(shape, right);
    return d.call((a, b) => ours(a, b, given(options) as never), `${torch}(a, b, ${keywords(options)})`);
  };

export const losses = {
  crossEntropy: (d) => {
    const hasWeight = d.chance(0.4);
    const { first, k } = classes(d, hasWeight);
    const options = {
      reduction: d.pick(...reductions),
      labelSmoothing: d.option(0.1, 0.3),
      ignoreIndex: d.chance(0.2) ? d.int(0, k - 1) : undefined,
    };
    return d.call(
      (x, labels, weight) => nn.crossEntropy(x, labels, { ...given(options), ...(weight ? { weight } : {}) }),
      `F.cross_entropy(${first}, b, ${hasWeight ? "c" : "None"}, ${keywords(options)})`,
    );
  },
  "crossEntropy of probabilities": (d) => {
    const [n, k] = [d.int(1, 5), d.int(1, 5)];
    const options = { reduction: d.pick(...reductions), labelSmoothing: d.option(0.1) };
    return d
      .float([n, k])
      .fixed([n, k], { low: 0, high: 1 })
      .call((x, target) => nn.crossEntropy(x, target, given(options)), `F.cross_entropy(a, b, ${keywords(options)})`);
  },
  nllLoss: (d) => {
    const hasWeight = d.chance(0.4);
    const { first, k } = classes(d, hasWeight);
    const options = { reduction: d.pick(...reductions), ignoreIndex: d.chance(0.2) ? d.int(0, k - 1) : undefined };
    return d.call(
      (x, labels, weight) => nn.nllLoss(x, labels, { ...given(options), ...(weight ? { weight } : {}) }),
      `F.nll_loss(${first}, b, ${hasWeight ? "c" : "None"}, ${keywords(options)})`,
    );
  },
  focalLoss: (d) => {
    const { first } = classes(d, false);
    const [gamma, reduction] = [d.pick(0, 1, 2, 1.5), d.pick(...reductions)];
    const nll = `F.cross_entropy(${first}, b, reduction="none")`;
    const loss = `((1 - torch.exp(-${nll})) ** ${gamma} * ${nll})`;
    return d.call(
      (x, labels) => nn.focalLoss(x, labels, { gamma, reduction }),
      reduction === "none" ? loss : `${loss}.${reduction}()`,
    );
  },
  mseLoss: pointwise(nn.mseLoss, "F.mse_loss"),
  l1Loss: pointwise(nn.l1Loss, "F.l1_loss"),
  smoothL1Loss: pointwise(nn.smoothL1Loss, "F.smooth_l1_loss", (d) => ({ beta: d.option(0.25, 2.5) })),
  huberLoss: pointwise(nn.huberLoss, "F.huber_loss", (d) => ({ delta: d.option(0.25, 2.5) })),
  binaryCrossEntropy: pointwise(
    nn.binaryCrossEntropy,
    "F.binary_cross_entropy",
    undefined,
    { low: 0.001, high: 0.999 },
    { low: 0, high: 1 },
    false,
  ),
  binaryCrossEntropyWithLogits: (d) => {
    const shape = d.shape(1, 3, 1);
    const reduction = d.pick(...reductions);
    const [hasWeight, hasPositive] = [d.chance(0.4), d.chance(0.4)];
    d.float(shape).fixed(shape, { low: 0, high: 1 });
    if (hasWeight) d.fixed(d.chance() ? shape : shape.slice(-1), { low: 0.1, high: 2 });
    if (hasPositive) d.fixed(shape.slice(-1), { low: 0.1, high: 2 });
    const positive = hasWeight ? "d" : "c";
    return d.call(
      (x, target, c, last) =>
        nn.binaryCrossEntropyWithLogits(x, target, {
          reduction,
          ...(hasWeight ? { weight: c! } : {}),
          ...(hasPositive ? { posWeight: (hasWeight ? last : c)! } : {}),
        }),
      `F.binary_cross_entropy_with_logits(a, b, ${hasWeight ? "c" : "None"}, reduction="${reduction}", pos_weight=${hasPositive ? positive : "None"})`,
    );
  },
  sigmoidFocalLoss: (d) => {
    const shape = d.shape(1, 3, 1);
    const options = { alpha: d.option(-1, 0.6), gamma: d.option(0, 1.5, 3), reduction: d.pick(...reductions) };
    return d
      .float(shape)
      .bools(shape)
      .call(
        (x, target) => nn.sigmoidFocalLoss(x, T.cast(target, x.dtype), given(options)),
        `sigmoid_focal_loss(a, b.to(a.dtype), ${keywords(options)})`,
      );
  },
  klDiv: (d) => {
    const shape = d.shape(1, 3, 1);
    const [reduction, logTarget] = [d.pick(...reductions, "batchmean" as const), d.chance()];
    return d
      .float(shape)
      .float(shape, logTarget ? {} : { low: 0.01, high: 1 })
      .call(
        (x, target) => nn.klDiv(x, target, { reduction, logTarget }),
        `F.kl_div(a, b, ${keywords({ reduction, logTarget })})`,
      );
  },
  cosineSimilarity: (d) => {
    const shape = d.shape(1, 3, 2);
    const axis = d.axis(shape.length);
    const eps = d.option(0.5, 1e-6);
    return d
      .float(shape, { isDistinct: true })
      .float(shape, { isDistinct: true })
      .call(
        (a, b) => nn.cosineSimilarity(a, b, given({ axis, eps })),
        `F.cosine_similarity(a, b, ${keywords({ dim: axis, eps })})`,
      );
  },
  cosineEmbeddingLoss: (d) => {
    const shape = [d.int(1, 5), d.int(1, 5)];
    const options = { margin: d.option(0.3, -0.2), reduction: d.pick(...reductions) };
    return d
      .float(shape)
      .float(shape)
      .bools(shape.slice(0, 1))
      .call(
        (a, b, y) => nn.cosineEmbeddingLoss(a, b, T.cast(y, "int32").mul(2).sub(1), given(options)),
        `F.cosine_embedding_loss(a, b, c.to(torch.int64) * 2 - 1, ${keywords(options)})`,
      );
  },
  tripletMarginLoss: (d) => {
    const shape = [d.int(1, 5), d.int(1, 5)];
    const options = {
      margin: d.option(0.3, 2),
      swap: d.option(true),
      eps: d.option(1e-3),
      reduction: d.pick(...reductions),
    };
    return d
      .float(shape)
      .float(shape)
      .float(shape)
      .call(
        (a, b, c) => nn.tripletMarginLoss(a, b, c, given(options)),
        `F.triplet_margin_loss(a, b, c, ${keywords(options)})`,
      );
  },
} satisfies Readonly<Record<string, Row>>;
