/**
 * Normalisations, and losses of classes.
 */

import type { Tensor } from "../../../src/index.js";
import * as t from "../../../src/index.js";
import type { Call, OperatorTable } from "../call.js";
import { Inexpressible } from "../inexpressible.js";
import { axisOf, channelsFirst, channelsLast, moveAxis, upTo } from "./steps.js";

const keep = { keepDims: true } as const;

/** Mean and variance over axes, which stay as 1. */
function moments(x: Tensor, axes: readonly number[]): { readonly mean: Tensor; readonly variance: Tensor } {
  const mean = t.mean(x, axes, keep);
  return { mean, variance: t.mean(t.square(t.sub(x, mean)), axes, keep) };
}

function batchNorm(call: Call): Tensor | Tensor[] {
  const [x, scale, bias, mean, variance] = call.tensors as [Tensor, Tensor, Tensor, Tensor, Tensor];
  const eps = call.float("epsilon", 1e-5);
  if (call.int("training_mode", 0) === 0)
    return channelsFirst(t.batchNormEval(channelsLast(x), scale, bias, mean, variance, { eps }));
  const momentum = call.float("momentum", 0.9);
  const [y, batchMean, batchVariance] = t.batchNorm(channelsLast(x), scale, bias, { eps });
  const blend = (old: Tensor, now: Tensor) => t.add(t.mul(old, momentum), t.mul(now, 1 - momentum));
  return [channelsFirst(y), blend(mean, batchMean), blend(variance, batchVariance)];
}

function layerNorm(call: Call): Tensor[] {
  const x = call.x(0);
  const axis = axisOf(call.int("axis", -1), x.rank);
  const eps = call.float("epsilon", 1e-5);
  const y = t.layerNorm(x, x.shape.slice(axis), call.x(1), call.has(2) ? call.x(2) : null, { eps });
  const { mean, variance } = moments(x, upTo(x.rank).slice(axis));
  return [y, mean, t.rsqrt(t.add(variance, eps))];
}

function localResponse(call: Call): Tensor {
  const size = call.int("size", 1);
  // of an even number of channels the odd one is on the other side there
  if (size % 2 === 0) throw new Inexpressible("local response of an even number of channels");
  const [alpha, beta, k] = [call.float("alpha", 1e-4), call.float("beta", 0.75), call.float("bias", 1)];
  return channelsFirst(t.localResponseNorm(channelsLast(call.x(0)), size, { alpha, beta, k }));
}

function meanVarianceNorm(call: Call): Tensor {
  const x = call.x(0);
  const { mean, variance } = moments(x, call.ints("axes") ?? [0, 2, 3]);
  return t.div(t.sub(x, mean), t.add(t.sqrt(variance), 1e-9));
}

/** logProbs [N, C, ...d], target [N, ...d], weight [C] -> by `reduction`; targets of `ignore_index` weigh nothing. */
function negativeLogLikelihood(call: Call, logProbs: Tensor): Tensor {
  const classes = logProbs.shape[1]!;
  const target = t.cast(call.x(1), "int32");
  const ignored = t.equal(target, call.hasAttribute("ignore_index") ? call.int("ignore_index", 0) : -1);
  const hot = t.oneHot(t.where(ignored, 0, target), classes, logProbs.dtype);
  const counted = call.has(2) ? t.mul(hot, call.x(2)) : hot;
  const weights = t.where(ignored, 0, t.sum(counted, -1));
  const losses = t.mul(t.neg(t.sum(t.mul(hot, moveAxis(logProbs, 1, logProbs.rank - 1)), -1)), weights);
  const reduction = call.text("reduction", "mean");
  if (reduction === "none") return losses;
  return reduction === "sum" ? t.sum(losses) : t.div(t.sum(losses), t.sum(weights));
}

export const normalisation: OperatorTable = {
  BatchNormalization: batchNorm,
  InstanceNormalization: (call) => {
    const eps = call.float("epsilon", 1e-5);
    return channelsFirst(t.instanceNorm(channelsLast(call.x(0)), call.x(1), call.x(2), { eps }));
  },
  LayerNormalization: layerNorm,
  LRN: localResponse,
  MeanVarianceNormalization: meanVarianceNorm,
  NegativeLogLikelihoodLoss: (call) => negativeLogLikelihood(call, call.x(0)),
  SoftmaxCrossEntropyLoss: (call) => {
    const logProbs = t.logSoftmax(call.x(0), 1);
    return [negativeLogLikelihood(call, logProbs), logProbs];
  },
};
