/**
 * The families of models, in the order in which they are listed and asked.
 */
import type { Module } from "../nn/module.js";
import { UsageError } from "../util/errors.js";
import type { Classifier } from "./classifier.js";
import type { Family } from "./family.js";
import { mobileone } from "./mobileone/family.js";
import { repvgg } from "./repvgg/family.js";
import { resnet } from "./resnet/family.js";

const list = [mobileone, repvgg, resnet] as const satisfies readonly Family[];
/** Every family of models, one record each: variants, names in files, recipes, deploy form. */
export const families: readonly Family[] = list;

type Listed = (typeof list)[number];
type VariantOf<F> = F extends { readonly variants: infer V } ? keyof V & string : never;
type StyleOf<F> = F extends { readonly dialects: infer D } ? keyof D & string : never;

/** What createModel can be asked for. */
export type ModelName = VariantOf<Listed>;
type MadeBy<F, N> = F extends { readonly variants: infer V; create(...args: never[]): infer M }
  ? N extends keyof V
    ? M
    : never
  : never;
/** The class of the models of that name. */
export type ModelOf<N extends ModelName> = MadeBy<Listed, N>;

/** Who gave the names of a file's entries. */
export type KeyStyle = StyleOf<Listed>;

/**
 * The names that createModel knows.
 *
 * @example
 * ```ts
 * console.log(models.listModels());
 * ```
 */
export const listModels = (): ModelName[] => list.flatMap(({ variants }) => Object.keys(variants) as ModelName[]);

/** Whether a word is a name that createModel knows. */
export const isModelName = (name: string): name is ModelName =>
  list.some(({ variants }) => Object.hasOwn(variants, name));

/** Everybody who names entries of a family. */
export const keyStyles: readonly KeyStyle[] = [
  ...new Set(list.flatMap(({ dialects }) => Object.keys(dialects) as KeyStyle[])),
];

/** The family of a name. Throws UsageError for one that createModel does not know. */
export function familyOf(name: string): Family {
  const family = families.find(({ variants }) => Object.hasOwn(variants, name));
  if (!family) throw new UsageError(`createModel: there is no model "${name}"`, `known are ${listModels().join(", ")}`);
  return family;
}

/** The family of a model; null for a module of no family. */
export const familyOfModel = (model: Module<unknown>): Family | null =>
  families.find((family) => family.isOwn(model)) ?? null;

/** The same for a model that has to have one. Throws UsageError. */
export function familyOfClassifier(model: Classifier): Family {
  const family = familyOfModel(model);
  if (!family)
    throw new UsageError(
      `${model.constructor.name}: no family of models knows it`,
      "models/families.ts lists the families",
    );
  return family;
}

/** What a variant is called that has no registered name. */
export const CUSTOM = "custom";

/** The registered name of a model's variant; "custom" for a variant without a registered name. */
export const nameOf = (model: Classifier): string =>
  Object.entries(familyOfClassifier(model).variants).find(([, variant]) => variant === model.variant)?.[0] ?? CUSTOM;
