/**
 * What chance does to pictures and batches, and what is minimised, for people: only what differs from plain cross-entropy of single
 * pictures, cropped and flipped.
 */
import type { Recipe } from "../../models/recipe.js";
import { trainPhase } from "./pipeline.js";

const DIGITS = 3;
const shown = (value: number): string => `${Number(value.toPrecision(DIGITS))}`;
const percent = (share: number): string => `${shown(100 * share)} %`;

/** What chance does to train pictures of 0-based `epoch` beside cropping and flipping. */
export function describePictures(recipe: Pick<Recipe, "images">, epoch: number): string {
  const { randAugmentLevel } = trainPhase(recipe, epoch);
  return [
    randAugmentLevel === null ? "no RandAugment" : `RandAugment level ${randAugmentLevel}`,
    ...otherThanRandAugment(recipe),
  ].join(", ");
}

function otherThanRandAugment({ images }: Pick<Recipe, "images">): string[] {
  const { autoAugment, colorJitter: jitter, randomErasing: erasing } = images;
  return [
    ...(autoAugment ? [`AutoAugment ${autoAugment}`] : []),
    ...(jitter
      ? [`colour jitter ${[jitter.brightness, jitter.contrast, jitter.saturation, jitter.hue].join(", ")}`]
      : []),
    ...(erasing ? [`random erasing ${percent(erasing.probability)}, ${erasing.mode}`] : []),
  ];
}

function batches({ batchAugments }: Pick<Recipe, "batchAugments">): string[] {
  if (!batchAugments) return [];
  const { mixup, cutmix, probability, switchProbability } = batchAugments;
  const methods = [
    ...(mixup === undefined ? [] : [`mixup ${mixup}`]),
    ...(cutmix === undefined
      ? []
      : [`CutMix ${cutmix}${mixup === undefined ? "" : ` for ${percent(switchProbability)}`}`]),
  ].join(" and ");
  return [`batches by ${methods}${probability < 1 ? `, ${percent(probability)} of them` : ""}`];
}

function loss({ loss: choice }: Pick<Recipe, "loss">, weights: readonly number[] | null): string[] {
  const { kind = "cross-entropy", gamma, alpha } = choice;
  const numbers = [
    ...(gamma === undefined ? [] : [`gamma ${gamma}`]),
    ...(alpha === undefined ? [] : [`alpha ${alpha}`]),
    ...(weights ? [`classes weigh ${shown(Math.min(...weights))} to ${shown(Math.max(...weights))}`] : []),
  ];
  return kind === "cross-entropy" && numbers.length === 0 ? [] : [`loss ${[kind, ...numbers].join(", ")}`];
}

/** One line for the beginning of a run with these weights of classes; null where there is nothing to tell. */
export function describeChoices(
  recipe: Pick<Recipe, "images" | "batchAugments" | "loss" | "precision">,
  weights: readonly number[] | null,
): string | null {
  const precision = recipe.precision ? [`activations of ${recipe.precision}, the loss scaled`] : [];
  const parts = [...otherThanRandAugment(recipe), ...batches(recipe), ...loss(recipe, weights), ...precision];
  return parts.length === 0 ? null : parts.join("; ");
}
