/**
 * A layer of a config: fields that it names, laid over a recipe, and where each of them was said.
 */
import type { Recipe } from "../../../models/recipe.js";
import { expectOptimizerOptions, optimizerKinds } from "../../../optim/optimizers.js";
import { TensoroneError, UsageError } from "../../../util/errors.js";
import { withKind } from "../change-optimization.js";
import { changeRecipe } from "../choose-recipe.js";
import { shownName } from "./expected.js";
import { type Fault, overlayFields } from "./overlay.js";
import { recipeFields } from "./recipe-fields.js";
import type { Fields } from "./rules.js";

/** Fields by name, sections as objects of fields. */
export interface Patch {
  readonly [name: string]: unknown;
}

/** What one file, or all --set of a line, say of a recipe. */
export interface ConfigLayer {
  readonly patch: Patch;
  /** Who says the field at a path, for errors: "my.json:12". */
  whereOf(path: string): string;
}

/** What a layer says of the field at a dotted path; undefined: nothing. */
export const saidAt = ({ patch }: ConfigLayer, path: string): unknown =>
  path
    .split(".")
    .reduce<unknown>(
      (value, part) => (typeof value === "object" && value !== null ? (value as Patch)[part] : undefined),
      patch,
    );

/** One line for all that is wrong: the first in full, the others by their paths. */
export function faultsError(faults: readonly Fault[], whereOf: (path: string) => string): UsageError {
  const [first, ...others] = faults;
  const paths = [...new Set(others.map(({ path }) => shownName(path)))].join(", ");
  const more = others.length === 0 ? "" : `; and ${others.length} more: ${paths}`;
  return new UsageError(`${whereOf(first!.path)}: ${first!.text}${more}`, first!.hint);
}

/**
 * The recipe with what the layer says. A layer that names another length moves the switches and steps that it does not name, as
 * --epochs does; over the recipe of a run that goes on, `isResumed`, they are where they belong already. Another optimiser has its
 * usual rates, as --optimizer gives it. Without a base the layer has to name every field. Throws UsageError.
 */
export function applyLayer(base: Recipe | null, layer: ConfigLayer, { isResumed = false } = {}): Recipe {
  const epochs = isResumed ? undefined : saidAt(layer, "epochs");
  const isLength = typeof epochs === "number" && Number.isSafeInteger(epochs) && epochs >= 1;
  const stretched = base && isLength ? changeRecipe(base, { epochs }) : base;
  const kind = optimizerKinds.find((one) => one === saidAt(layer, "optimizer.kind"));
  const before = stretched && kind !== undefined ? withKind(stretched, kind) : stretched;
  const faults: Fault[] = [];
  const recipe = overlayFields(recipeFields as unknown as Fields, before, layer.patch, "", faults);
  if (faults.length > 0) throw faultsError(faults, layer.whereOf);
  expectSound(recipe as unknown as Recipe, layer);
  return recipe as unknown as Recipe;
}

/** What fits field by field and not together. */
function expectSound({ optimizer, images, schedule }: Recipe, layer: ConfigLayer): void {
  try {
    expectOptimizerOptions(optimizer);
  } catch (error) {
    if (!(error instanceof TensoroneError)) throw error;
    throw new UsageError(`${layer.whereOf("optimizer")}: optimizer: ${error.summary}`, error.hint);
  }
  if (schedule.kind === "step" && !schedule.lrSteps)
    throw new UsageError(
      `${layer.whereOf("schedule.kind")}: schedule.kind: "step" without schedule.lrSteps, expected both`,
      'lrSteps is such as {"epochs": [30, 60], "factor": 0.1}',
    );
  const rising: readonly (readonly [path: string, epochs: readonly number[]])[] = [
    ["images.switches", images.switches.map(({ epoch }) => epoch)],
    ["schedule.lrSteps", schedule.lrSteps?.epochs ?? []],
  ];
  for (const [path, epochs] of rising) {
    const at = epochs.findIndex((epoch, i) => i > 0 && epoch < epochs[i - 1]!);
    if (at > 0)
      throw new UsageError(
        `${layer.whereOf(path)}: ${path}: epoch ${epochs[at]} after epoch ${epochs[at - 1]}, expected rising epochs`,
      );
  }
}
