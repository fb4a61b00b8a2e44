/**
 * Entries of a file into a model, strictly, under the names of any publisher.
 */
import type { StoredTensor } from "../../io/index.js";
import { fileShape } from "../../io/layout.js";
import { decodeSafetensors, type Metadata } from "../../io/safetensors.js";
import { expectFiniteEntries, type FiniteOptions, fromFileEntries } from "../../io/state-dict-file.js";
import { unwrapEntries, unwrapNames } from "../../io/wrappers.js";
import type { Module } from "../../nn/module.js";
import { type StateDifference, type StateSpec, stateDictError } from "../../nn/state-dict.js";
import { scope } from "../../tensor/scope.js";
import { StateDictError } from "../../util/errors.js";
import { Classifier } from "../classifier.js";
import { CUSTOM, familyOfModel, type KeyStyle, nameOf } from "../families.js";
import { identify, keyMapOf, namings, styleOf } from "./names.js";

/** The one entry PyTorch itself lets a file leave out. */
const COUNTER = /(^|\.)num_batches_tracked$/;

/** What a file of `model` holds, in the file's shapes. */
function expectedEntries(model: Module<unknown>): Map<string, StateSpec> {
  const parameters = model.namedParameters({ removeDuplicate: false });
  return new Map(
    [...model.stateDict()].map(([name, { shape }]) => [
      name,
      { shape: fileShape(parameters.get(name)?.role, shape), isOptional: COUNTER.test(name) },
    ]),
  );
}

/** How names of the model become those of the file and back, and whose the file's are; null: names as they are. */
interface Translation {
  readonly style: KeyStyle | null;
  toFile<T>(entries: ReadonlyMap<string, T>): ReadonlyMap<string, T>;
  toOwn<T>(entries: ReadonlyMap<string, T>): ReadonlyMap<string, T>;
  own(name: string): string;
}

/** The dialect of the entries, where it fits `model` better than the names as they are. */
function translationFor(model: Module<unknown>, entries: ReadonlyMap<string, StoredTensor>): Translation {
  const family = familyOfModel(model);
  const own = family ? styleOf(family.ownKeys) : null;
  const asTheyAre: Translation = { style: own, toFile: (x) => x, toOwn: (x) => x, own: (name) => name };
  const found = namings(entries.keys()).find((naming) => naming.family === family)?.style;
  if (!family || own === null || found === undefined || found === own) return asTheyAre;
  const map = keyMapOf(family);
  const expected = model.stateDict();
  const hits = (nameOf: (name: string) => string) => [...entries.keys()].filter((name) => expected.has(nameOf(name)));
  const toOwn = (name: string) => map.rename(name, found, own);
  if (hits(toOwn).length <= hits((name) => name).length) return asTheyAre;
  return {
    style: found,
    toFile: (dict) => map.renameAll(dict, own, found),
    toOwn: (dict) => map.renameAll(dict, found, own),
    own: toOwn,
  };
}

/**
 * Entries without what tools put around and beside them, where `model` has them so: a module may itself have a child called `model`, and
 * whoever saved it has its names.
 */
function unwrappedFor(
  model: Module<unknown>,
  entries: ReadonlyMap<string, StoredTensor>,
): { readonly entries: ReadonlyMap<string, StoredTensor>; readonly prefix: string } {
  const asTheyAre = { entries, prefix: "" };
  const expected = model.stateDict();
  const hits = (names: Iterable<string>) => [...names].filter((name) => expected.has(name)).length;
  if (hits(entries.keys()) === entries.size) return asTheyAre;
  const { entries: bare, prefix, aside } = unwrapEntries(entries);
  if (prefix === "" && aside.length === 0) return asTheyAre;
  const own = unwrapNames(expected.keys());
  const fitted = new Map([...bare].map(([name, entry]) => [own.names.get(name) ?? `${own.prefix}${name}`, entry]));
  const isBetter = familyOfModel(model) !== null || hits(fitted.keys()) > hits(entries.keys());
  return isBetter ? { entries: fitted, prefix } : asTheyAre;
}

/** Throws StateDictError where the entries are those of another variant than the model: a list of all of them would say less. */
function expectSameVariant(model: Module<unknown>, entries: ReadonlyMap<string, StoredTensor>, where: string): void {
  const found = identify(entries)?.recognized;
  if (!(model instanceof Classifier) || !familyOfModel(model) || !found) return;
  const own = nameOf(model);
  if (own === CUSTOM || own === found.model) return;
  const { model: name, form, numClasses } = found;
  throw new StateDictError(
    `${where}: this is ${name} (${form === "deploy" ? "deploy form, " : ""}${numClasses} classes), expected ${own}`,
    `createModel("${name}", { numClasses: ${numClasses}${form === "deploy" ? ", deploy: true" : ""} })`,
  );
}

/** Doubles are rounded where a model has no room for them. */
const digitsOf = (model: Module<unknown>): "float32" | "float64" =>
  [...model.stateDict().values()].some(({ dtype }) => dtype === "float64") ? "float64" : "float32";

/**
 * Loads file entries into `model`, strictly, under its own names or another's that its family knows, whatever training tools put before
 * them (module., model., _orig_mod.) or beside them (n_averaged); returns whose they were, null for a module of no family. Throws StateDictError listing every difference in the file's names and shapes,
 * CheckpointError for numbers that are not finite, before anything is written.
 */
export function loadFileEntries(
  model: Module<unknown>,
  entries: ReadonlyMap<string, StoredTensor>,
  where = "loadStateDict",
  options: FiniteOptions = {},
): KeyStyle | null {
  const { entries: bare, prefix } = unwrappedFor(model, entries);
  const { style, toFile, toOwn, own } = translationFor(model, bare);
  const explain = ({ missing, unexpected, misshapen }: StateDifference) =>
    model.explain({
      missing: missing.map(own),
      unexpected: unexpected.map(own),
      misshapen: misshapen.map((one) => ({ ...one, name: own(one.name) })),
    });
  const place = prefix === "" ? where : `${where}, without ${prefix} before its names`;
  const error = stateDictError(toFile(expectedEntries(model)), bare, place, explain);
  if (error) {
    expectSameVariant(model, bare, place);
    throw error;
  }
  expectFiniteEntries(bare, where, { ...options, as: digitsOf(model) });
  scope(() => model.loadStateDict(fromFileEntries(model, toOwn(bare), where)));
  return style;
}

/**
 * Loads a safetensors file with the model's own names; returns its metadata. `where` names the file in errors. Throws
 * CheckpointError for a damaged file and numbers that are not finite, StateDictError naming every difference.
 */
export function decodeInto(
  model: Module<unknown>,
  bytes: Uint8Array,
  where?: string,
  options: FiniteOptions = {},
): Metadata {
  const { entries, metadata } = decodeSafetensors(bytes, where);
  loadFileEntries(model, entries, where, options);
  return metadata;
}
