/**
 * What a recipe may choose beside its numbers: pictures changed by chance, batches mixed, another loss. A field that is absent from a
 * recipe changes nothing, so that runs of before it go on with the same bits.
 */

/** How far colours may change: factors within 1 ± amount, at least 0, and the hue within ± amount of a full circle, at most 0.5. */
export interface ColorJitterChoice {
  readonly brightness: number;
  readonly contrast: number;
  readonly saturation: number;
  readonly hue: number;
}

/** Boxes that are erased from pictures (data/transforms/random-erasing.ts). */
export interface RandomErasingChoice {
  readonly probability: number;
  /** Range of area fractions. */
  readonly scale: readonly [number, number];
  /** Range of height / width. */
  readonly ratio: readonly [number, number];
  /** One colour, or noise. */
  readonly mode: "const" | "rand";
  /** The colour in bytes, red, green, blue. */
  readonly value: readonly [number, number, number];
}

/** Pictures changed by chance beside crop, flip and RandAugment; what is absent is not done. */
export interface PictureAugments {
  /** The data set whose policy AutoAugment draws from. */
  readonly autoAugment?: "imagenet" | "cifar10" | "svhn";
  readonly colorJitter?: ColorJitterChoice;
  /** After everything else. */
  readonly randomErasing?: RandomErasingChoice;
}

/** Batches mixed with themselves, pictures and labels alike; at least one of the two. */
export interface BatchAugments {
  /** α of mixup: the share is drawn from Beta(α, α). */
  readonly mixup?: number;
  /** α of CutMix. */
  readonly cutmix?: number;
  /** How often a batch is mixed at all. */
  readonly probability: number;
  /** Where both are given, how often it is CutMix. */
  readonly switchProbability: number;
}

/** Cross-entropy over classes, the focal loss over classes, the focal loss of a yes or no for each class, cross-entropy of the same. */
export const lossKinds = ["cross-entropy", "focal", "sigmoid-focal", "bce"] as const;
/** The name of a loss. */
export type LossKind = (typeof lossKinds)[number];

/** A weight for each class: by how rare it is, in the order of the classes, or by name. */
export type ClassWeights = "balanced" | readonly number[] | { readonly [name: string]: number };

/** The loss of a step. */
export interface LossChoice {
  readonly labelSmoothing: number;
  readonly mode: "original" | "classyVision";
  /** Absent: cross-entropy. */
  readonly kind?: LossKind;
  /** Focusing of focal and sigmoid-focal; absent: 2. */
  readonly gamma?: number;
  /** Weight of a yes in sigmoid-focal, 1 − alpha that of a no; absent: 0.25. */
  readonly alpha?: number;
  /** Absent: all classes count alike. */
  readonly classWeights?: ClassWeights;
}
