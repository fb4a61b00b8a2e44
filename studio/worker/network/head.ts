/** The classifier on frozen features: softmax regression by AdamW over all pictures at once, some tens of milliseconds. */
import { nn, tensor, train } from "tensorone";
import type { Head } from "./network.js";

/** Steps of a fit, each over all pictures. */
const STEPS = 120;
const LR = 0.03;
/** As of the fine-tuning that may follow; and so that a score says something. */
const LABEL_SMOOTHING = 0.1;
/** Few pictures and a thousand features: without it every fit ends at certainty. */
const WEIGHT_DECAY = 0.05;

/** What is fitted: rows of features with their classes. */
export interface HeadData {
  /** [N, featureCount]. */
  readonly features: Float32Array;
  readonly labels: Int32Array;
  readonly featureCount: number;
  readonly classes: number;
}

/** A fitted head, and the loss that it ended at. */
export interface FittedHead extends Head {
  readonly loss: number;
}

/** Root of the mean square of all features: what brings them to a scale for which one rate is right. */
function scaleOf(features: Float32Array): number {
  let sum = 0;
  for (const value of features) sum += value * value;
  return Math.sqrt(sum / Math.max(1, features.length)) || 1;
}

/** From zeros, so that the same pictures give the same head. */
export async function fitHead({ features, labels, featureCount, classes }: HeadData): Promise<FittedHead> {
  const scale = scaleOf(features);
  const x = tensor(
    features.map((value) => value / scale),
    [labels.length, featureCount],
  );
  const y = tensor(labels);
  const linear = new nn.Linear(featureCount, classes, { init: "zeros" });
  try {
    const { loss } = await train({
      model: linear,
      recipe: {
        epochs: STEPS,
        optimizer: { kind: "adamw", lr: LR, weightDecay: WEIGHT_DECAY },
        loss: (logits, target) => nn.crossEntropy(logits, target, { labelSmoothing: LABEL_SMOOTHING }),
        schedule: (step) => LR * 0.5 * (1 + Math.cos((Math.PI * step) / STEPS)),
      },
      data: { train: [[x, y] as const] },
    });
    const weight = Float32Array.from((await linear.weight.data()) as Float32Array, (value) => value / scale);
    const bias = Float32Array.from((await linear.bias!.data()) as Float32Array);
    return { weight, bias, loss: loss ?? 0 };
  } finally {
    for (const one of [x, y, linear]) one.dispose();
  }
}
