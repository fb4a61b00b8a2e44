/**
 * Models by name.
 */
import { UsageError } from "../util/errors.js";
import { MobileOne, type MobileOneOptions } from "./mobileone/mobileone.js";
import { type Variant, variants } from "./mobileone/variants.js";

export type ModelName = keyof typeof variants;
export type ModelOptions = MobileOneOptions;

/** The names that createModel knows. */
export const listModels = (): ModelName[] => Object.keys(variants) as ModelName[];

/** The structure behind a name. Throws UsageError for an unknown one. */
export function variantOf(name: string): Variant {
  if (!Object.hasOwn(variants, name))
    throw new UsageError(`createModel: there is no model "${name}"`, `known are ${listModels().join(", ")}`);
  return variants[name as ModelName];
}

/** A new model in training mode, [N, H, W, 3] -> [N, numClasses]; the same seed gives the same weights everywhere. */
export const createModel = (name: ModelName | (string & {}), options: ModelOptions = {}): MobileOne =>
  new MobileOne(variantOf(name), options);
