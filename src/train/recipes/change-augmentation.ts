/**
 * A recipe with other augmentation of pictures and batches, or another loss. What is undefined stays as the recipe has it; what is
 * switched off leaves the recipe, which is then the one without it.
 */
import { colorJitterStep } from "../../data/transforms/color-jitter.js";
import { defaultErasing } from "../../data/transforms/random-erasing.js";
import type { Recipe } from "../../models/recipe.js";
import type {
  BatchAugments,
  ClassWeights,
  ColorJitterChoice,
  LossKind,
  PictureAugments,
  RandomErasingChoice,
} from "../../models/recipe-choices.js";
import { UsageError } from "../../util/errors.js";
import { readClassWeights } from "./class-weights.js";
import { withField } from "./with-field.js";

/** What a run does differently from its recipe; undefined: as the recipe says. */
export interface AugmentationChanges {
  /** Instead of RandAugment. */
  readonly autoAugment?: NonNullable<PictureAugments["autoAugment"]> | "none" | undefined;
  /** Brightness, contrast, saturation, hue; one number is the first three (timm). All 0: none. */
  readonly colorJitter?: readonly number[] | undefined;
  /** Probability; 0: none. */
  readonly randomErasing?: number | undefined;
  readonly randomErasingMode?: RandomErasingChoice["mode"] | undefined;
  /** α; 0: none. */
  readonly mixup?: number | undefined;
  /** α; 0: none. */
  readonly cutmix?: number | undefined;
  readonly mixupProb?: number | undefined;
  readonly mixupSwitchProb?: number | undefined;
  readonly loss?: LossKind | undefined;
  readonly focalGamma?: number | undefined;
  readonly focalAlpha?: number | undefined;
  readonly labelSmoothing?: number | undefined;
  /** A table, or what names one: balanced, none, a JSON file with numbers. */
  readonly classWeights?: ClassWeights | (string & {}) | undefined;
}

/** The recipe with the changes. Throws UsageError for one that would change nothing, or numbers that are none. */
export function changeAugmentation(base: Recipe, changes: AugmentationChanges): Recipe {
  const { loss, images, batchAugments } = base;
  return withField(
    { ...base, loss: changedLoss(loss, changes), images: changedImages(images, changes) },
    "batchAugments",
    changedMix(batchAugments, changes),
  );
}

function changedImages(base: Recipe["images"], changes: AugmentationChanges): Recipe["images"] {
  const { autoAugment, colorJitter, randomErasing, randomErasingMode } = changes;
  let images = base;
  if (autoAugment === "none") images = withField(images, "autoAugment", undefined);
  else if (autoAugment !== undefined) {
    const switches = images.switches.map((one) => ({ ...one, randAugmentLevel: null }));
    images = { ...images, autoAugment, randAugmentLevel: null, switches };
  }
  if (colorJitter) images = withField(images, "colorJitter", jitterOf(colorJitter));
  const erasing = erasingOf(base.randomErasing, randomErasing, randomErasingMode);
  return withField(images, "randomErasing", erasing);
}

/** The hue stays where one number is given, as timm has it: it costs as much as the others together. */
function jitterOf(amounts: readonly number[]): ColorJitterChoice | undefined {
  const [brightness = 0, contrast = brightness, saturation = brightness, hue = 0] = amounts;
  if (amounts.length > 4 || amounts.length === 2)
    throw new UsageError(
      `color jitter: ${amounts.length} numbers, expected 1, 3 or 4: brightness, contrast, saturation, hue`,
      "one number is brightness, contrast and saturation",
    );
  const { kind: _, ...choice } = colorJitterStep({ brightness, contrast, saturation, hue });
  return amounts.some((amount) => amount > 0) ? choice : undefined;
}

function erasingOf(
  former: RandomErasingChoice | undefined,
  probability: number | undefined,
  mode: RandomErasingChoice["mode"] | undefined,
): RandomErasingChoice | undefined {
  if (mode !== undefined && !(probability ?? former?.probability))
    throw new UsageError("random erasing: a mode, but no probability", "--random-erasing 0.25");
  if (probability === 0) return undefined;
  if (probability === undefined && former === undefined) return undefined;
  return {
    ...(former ?? defaultErasing),
    ...(probability === undefined ? {} : { probability }),
    ...(mode === undefined ? {} : { mode }),
  };
}

/** timm's: every batch is mixed, half of them by each of the two. */
const PROBABILITY = 1;
const SWITCH_PROBABILITY = 0.5;

function changedMix(former: BatchAugments | undefined, changes: AugmentationChanges): BatchAugments | undefined {
  const { mixup = former?.mixup, cutmix = former?.cutmix } = changes;
  const { mixupProb: probability = former?.probability, mixupSwitchProb = former?.switchProbability } = changes;
  const methods = { ...(mixup && { mixup }), ...(cutmix && { cutmix }) };
  const count = Object.keys(methods).length;
  if (changes.mixupProb !== undefined && count === 0)
    throw new UsageError("mixup probability: neither mixup nor CutMix is on", "--mixup 0.2 or --cutmix 1 beside it");
  if (changes.mixupSwitchProb !== undefined && count < 2)
    throw new UsageError("mixup switch probability: mixup and CutMix are not both on", "--mixup 0.8 --cutmix 1");
  if (count === 0) return undefined;
  return {
    ...methods,
    probability: probability ?? PROBABILITY,
    switchProbability: mixupSwitchProb ?? SWITCH_PROBABILITY,
  };
}

function changedLoss(base: Recipe["loss"], changes: AugmentationChanges): Recipe["loss"] {
  const {
    loss: kind = base.kind ?? "cross-entropy",
    focalGamma,
    focalAlpha,
    labelSmoothing = base.labelSmoothing,
  } = changes;
  const isFocal = kind === "focal" || kind === "sigmoid-focal";
  if (focalGamma !== undefined && !isFocal)
    throw new UsageError(`focal gamma: the loss is ${kind}, expected focal or sigmoid-focal`, "--loss focal");
  if (focalAlpha !== undefined && kind !== "sigmoid-focal")
    throw new UsageError(
      `focal alpha: the loss is ${kind}, expected sigmoid-focal`,
      "--loss sigmoid-focal; of focal, the weights of classes are its alpha",
    );
  const { classWeights } = changes;
  const weights = typeof classWeights === "string" ? namedWeights(classWeights) : (classWeights ?? base.classWeights);
  const gamma = isFocal ? (focalGamma ?? base.gamma) : undefined;
  const alpha = kind === "sigmoid-focal" ? (focalAlpha ?? base.alpha) : undefined;
  let loss = withField({ ...base, labelSmoothing }, "kind", kind === "cross-entropy" ? undefined : kind);
  loss = withField(withField(loss, "gamma", gamma), "alpha", alpha);
  return withField(loss, "classWeights", weights);
}

const namedWeights = (name: string): ClassWeights | undefined => (name === "none" ? undefined : readClassWeights(name));
