/**
 * Models by name.
 */
import type { Classifier, ModelOptions } from "./classifier.js";
import { familyOf, type ModelName, type ModelOf } from "./families.js";

/**
 * A new model in training mode, [N, H, W, inChannels] -> [N, numClasses]; the same seed gives the same weights everywhere.
 * Throws UsageError for an unknown name, and for options that its family does not have.
 *
 * @example
 * ```ts
 * const model = models.createModel("mobileone_s0", { numClasses: 10, seed: 1 });
 * console.log(model.forward(rand([2, 32, 32, 3])).shape); // [2, 10]
 * ```
 */
export function createModel<N extends ModelName>(name: N, options?: ModelOptions): ModelOf<N>;
export function createModel(name: string, options?: ModelOptions): Classifier;
export function createModel(name: string, options: ModelOptions = {}): Classifier {
  const family = familyOf(name);
  return family.create(family.variants[name]!, options);
}
