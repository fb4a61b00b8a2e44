/**
 * What a training step of each block costs branch by branch and folded, and which of the two `auto` takes, without
 * running anything.
 */
import { windowOutput } from "../ops/shapes.js";
import type { Shape } from "../tensor/shape.js";
import {
  autoForm,
  type TrainingCost,
  type TrainingForm,
  trainingCosts,
  trainingSeconds,
} from "./mobileone/training-form.js";
import { blockSpecs } from "./mobileone/variants.js";
import { variantOf } from "./registry.js";

export interface TrainingRow {
  readonly name: string;
  readonly type: string;
  /** [N, H, W, Cin] */
  readonly inputShape: Shape;
  readonly plain: TrainingCost;
  readonly folded: TrainingCost;
  /** What the rule expects on one thread of the machine it was measured on. */
  readonly plainMs: number;
  readonly foldedMs: number;
  readonly form: TrainingForm;
}

export interface TrainingSummaryOptions {
  /** Side of the square images. Default 224. */
  readonly imageSize?: number;
  /** Default 32. */
  readonly batchSize?: number;
  /** Of the backend that would train. Default true. */
  readonly hasFloat64Digits?: boolean;
}

/** A row per block of `model` for square images. Throws UsageError for an unknown model. */
export function summarizeTraining(
  model: string,
  { imageSize = 224, batchSize = 32, hasFloat64Digits = true }: TrainingSummaryOptions = {},
): TrainingRow[] {
  let side = imageSize;
  return blockSpecs(variantOf(model)).map((spec) => {
    const inputShape = [batchSize, side, side, spec.inChannels];
    const { plain, folded } = trainingCosts(spec, inputShape);
    side = windowOutput(side, spec.kernelSize, spec.stride, spec.padding, spec.dilation);
    return {
      name: spec.name,
      type: spec.type,
      inputShape,
      plain,
      folded,
      plainMs: 1000 * trainingSeconds(spec, plain),
      foldedMs: 1000 * trainingSeconds(spec, folded),
      form: autoForm(spec, inputShape, hasFloat64Digits),
    };
  });
}
