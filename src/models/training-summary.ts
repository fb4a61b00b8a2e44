/**
 * What a training step of each block costs branch by branch and folded, and which of the two `auto` takes, without
 * running anything.
 */
import { windowOutput } from "../ops/shapes.js";
import { defaultStorage } from "../tensor/create.js";
import type { Shape } from "../tensor/shape.js";
import {
  autoForm,
  type TrainingBackend,
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
  /** What the rule expects on one thread of the machine that the backend was measured on; null where it tells no speeds. */
  readonly plainMs: number | null;
  readonly foldedMs: number | null;
  readonly form: TrainingForm;
}

export interface TrainingSummaryOptions {
  /** Side of the square images. Default 224. */
  readonly imageSize?: number;
  /** Default 32. */
  readonly batchSize?: number;
  /** What would train. Default: the backend in use. */
  readonly backend?: TrainingBackend;
}

/** A row per block of `model` for square images. Throws UsageError for an unknown model. */
export function summarizeTraining(
  model: string,
  { imageSize = 224, batchSize = 32, backend = defaultStorage() }: TrainingSummaryOptions = {},
): TrainingRow[] {
  const { speeds } = backend;
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
      plainMs: speeds ? 1000 * trainingSeconds(spec, plain, speeds) : null,
      foldedMs: speeds ? 1000 * trainingSeconds(spec, folded, speeds) : null,
      form: autoForm(spec, inputShape, backend),
    };
  });
}
