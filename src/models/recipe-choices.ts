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
