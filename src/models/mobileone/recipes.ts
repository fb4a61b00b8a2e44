/**
 * The published recipes of MobileOne S0 to S4 (mmpretrain, configs/mobileone/*_8xb32_in1k.py). All are S0's; S1 to S4 add
 * RandAugment and pictures that grow.
 *
 * S1 to S4 come in two forms. As shipped, their configs hand the hook that should switch pipelines a key it does not read
 * (`pipeline`; it wants `train_pipeline`), so all 300 epochs run as the first ones. Intended are the switches that the configs
 * spell out. The released weights are most likely from before the key was renamed, so the intended form is the default.
 */
import type { Recipe, RecipeForm, TrainSwitch } from "../recipe.js";
import { mobileoneS0, mobileoneS0Demo } from "./recipe-s0.js";

type Phase = readonly [epoch: number, trainSize: number, randAugmentLevel: number];

/** S1's first level is 0.7 by a slip of its config, which multiplies the wrong variable; both forms keep it. */
const phasesOfS1: readonly Phase[] = [
  [0, 160, 0.7],
  [36, 192, 7],
  [111, 224, 7],
];
const phasesOfS2ToS4: readonly Phase[] = [
  [0, 160, 2.1],
  [36, 192, 4.9],
  [111, 224, 7],
];

/** Phases of the train pictures by model; none: S0's pictures throughout. */
const phasesOf: Readonly<Record<string, readonly Phase[]>> = {
  mobileone_s1: phasesOfS1,
  mobileone_s2: phasesOfS2ToS4,
  mobileone_s3: phasesOfS2ToS4,
  mobileone_s4: phasesOfS2ToS4,
};

/** The published recipe of a model. The two forms of S0 are the same. */
export function mobileoneRecipe(model: string, form: RecipeForm = "intended"): Recipe {
  const phases = phasesOf[model];
  if (phases === undefined) return { ...mobileoneS0, model, name: model };
  const [first, ...switches] = phases.map(
    ([epoch, trainSize, randAugmentLevel]): TrainSwitch => ({ epoch, trainSize, randAugmentLevel }),
  );
  const { trainSize, randAugmentLevel } = first!;
  return {
    ...mobileoneS0,
    model,
    name: form === "intended" ? model : `${model}-${form}`,
    source: `mmpretrain 1.0.0, ${model.replace("_", "-")}_8xb32_in1k, ${form}`,
    images: { ...mobileoneS0.images, trainSize, randAugmentLevel, switches: form === "intended" ? switches : [] },
  };
}

/** S0's short recipe, applied to a model. */
export function mobileoneDemoRecipe(model: string): Recipe {
  if (model === mobileoneS0Demo.model) return mobileoneS0Demo;
  const source = `${mobileoneS0Demo.source}, applied to ${model}`;
  return { ...mobileoneS0Demo, model, name: `${model}-demo`, source };
}
