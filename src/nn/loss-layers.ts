/**
 * The losses as modules (torch.nn.CrossEntropyLoss and its like), which hold their options; weights are buffers of theirs.
 */
import type { Tensor } from "../tensor/tensor.js";
import {
  type ClassLossOptions,
  type CrossEntropyOptions,
  crossEntropy,
  type FocalLossOptions,
  focalLoss,
  nllLoss,
} from "./loss.js";
import { Module } from "./module.js";
import {
  type BinaryLogitsOptions,
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  type HuberOptions,
  huberLoss,
  type KlDivOptions,
  klDiv,
  l1Loss,
  mseLoss,
  type SmoothL1Options,
  smoothL1Loss,
} from "./pointwise-losses.js";
import type { ReductionOptions, WeightedOptions } from "./reduction.js";
import { showNumbers } from "./repr.js";
import {
  cosineEmbeddingLoss,
  type MarginOptions,
  type TripletOptions,
  tripletMarginLoss,
} from "./similarity-losses.js";

/** Of an input and a target. */
abstract class Loss<O extends object> extends Module {
  readonly options: O;

  constructor(options: O = {} as O) {
    super();
    this.options = options;
    for (const [field, name] of [["weight", "weight"] as const, ["posWeight", "pos_weight"] as const]) {
      const weight = (options as Readonly<Record<string, Tensor | null | undefined>>)[field];
      if (weight) this.buffer(name, weight.keep());
    }
  }

  abstract override forward(x: Tensor, target: Tensor, ...rest: never[]): Tensor;

  override extraRepr(): string {
    const numbers = Object.entries(this.options).filter(([, value]) => typeof value !== "object");
    return showNumbers(Object.fromEntries(numbers));
  }
}

/** crossEntropy() as a module (torch.nn.CrossEntropyLoss): logits [..., K] and labels [...] or probabilities [..., K]. */
export class CrossEntropyLoss extends Loss<CrossEntropyOptions> {
  forward(logits: Tensor, target: Tensor): Tensor {
    return crossEntropy(logits, target, this.options);
  }
}

/** nllLoss() as a module (torch.nn.NLLLoss): logarithms of probabilities [..., K] and labels [...]. */
export class NLLLoss extends Loss<ClassLossOptions> {
  forward(logProbabilities: Tensor, labels: Tensor): Tensor {
    return nllLoss(logProbabilities, labels, this.options);
  }
}

/** focalLoss() as a module: logits [..., K] and labels [...], or probabilities [..., K]. */
export class FocalLoss extends Loss<FocalLossOptions> {
  forward(logits: Tensor, labels: Tensor): Tensor {
    return focalLoss(logits, labels, this.options);
  }
}

/** mseLoss() as a module (torch.nn.MSELoss), of two tensors of one shape. */
export class MSELoss extends Loss<ReductionOptions> {
  forward(x: Tensor, target: Tensor): Tensor {
    return mseLoss(x, target, this.options);
  }
}

/** l1Loss() as a module (torch.nn.L1Loss), of two tensors of one shape. */
export class L1Loss extends Loss<ReductionOptions> {
  forward(x: Tensor, target: Tensor): Tensor {
    return l1Loss(x, target, this.options);
  }
}

/** smoothL1Loss() as a module (torch.nn.SmoothL1Loss), of two tensors of one shape. */
export class SmoothL1Loss extends Loss<SmoothL1Options> {
  forward(x: Tensor, target: Tensor): Tensor {
    return smoothL1Loss(x, target, this.options);
  }
}

/** huberLoss() as a module (torch.nn.HuberLoss), of two tensors of one shape. */
export class HuberLoss extends Loss<HuberOptions> {
  forward(x: Tensor, target: Tensor): Tensor {
    return huberLoss(x, target, this.options);
  }
}

/** binaryCrossEntropy() as a module (torch.nn.BCELoss): probabilities and targets of one shape. */
export class BCELoss extends Loss<WeightedOptions> {
  forward(x: Tensor, target: Tensor): Tensor {
    return binaryCrossEntropy(x, target, this.options);
  }
}

/** binaryCrossEntropyWithLogits() as a module (torch.nn.BCEWithLogitsLoss): logits and targets of one shape. */
export class BCEWithLogitsLoss extends Loss<BinaryLogitsOptions> {
  forward(x: Tensor, target: Tensor): Tensor {
    return binaryCrossEntropyWithLogits(x, target, this.options);
  }
}

/** klDiv() as a module (torch.nn.KLDivLoss): logarithms of probabilities and targets of one shape. */
export class KLDivLoss extends Loss<KlDivOptions> {
  forward(x: Tensor, target: Tensor): Tensor {
    return klDiv(x, target, this.options);
  }
}

/** cosineEmbeddingLoss() as a module (torch.nn.CosineEmbeddingLoss): two tensors [..., C], and 1 or −1 for each pair. */
export class CosineEmbeddingLoss extends Loss<MarginOptions> {
  forward(x1: Tensor, x2: Tensor, y: Tensor): Tensor {
    return cosineEmbeddingLoss(x1, x2, y, this.options);
  }
}

/** tripletMarginLoss() as a module (torch.nn.TripletMarginLoss): anchors, positives and negatives [..., C]. */
export class TripletMarginLoss extends Loss<TripletOptions> {
  forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    return tripletMarginLoss(anchor, positive, negative, this.options);
  }
}
