/**
 * A model's state dict as the entries of a file, and back: PyTorch's layouts, batch counters as 64-bit integers, names as
 * mmpretrain, Apple or timm have them. Which entry needs turning follows from the role of the model's parameter.
 */
import type { Module } from "../nn/module.js";
import { type StateDict, type StateSpec, stateDictError } from "../nn/state-dict.js";
import { tensor } from "../tensor/create.js";
import { dtypeOf } from "../tensor/dtype.js";
import { findNonFinite, showNonFinite } from "../tensor/finite.js";
import { scope } from "../tensor/scope.js";
import { CheckpointError } from "../util/errors.js";
import { type KeyStyle, ownStyle } from "./key-maps/dialects.js";
import { recognizeKeys, renameKey, renameKeys } from "./key-maps/translate.js";
import { fileShape, fromFileLayout, toFileLayout } from "./layout.js";
import { decodeSafetensors, encodeSafetensors, type Metadata, type StoredTensor } from "./safetensors.js";

/** What may be in a file of weights. */
export interface FiniteOptions {
  /** Take NaN and infinities as they are, to look into a file or a model that has some. Default false: they are refused. */
  readonly allowNonFinite?: boolean;
}

/** PyTorch's counters are int64 scalars. */
const storedAs = (values: StoredTensor["values"]): Pick<StoredTensor, "code"> =>
  values instanceof Int32Array ? { code: "I64" } : {};

/**
 * File entries of `model`, or of other values under its names: averages, momentum buffers (for which the roles of its
 * parameters hold as well).
 */
export async function toFileEntries(
  model: Module,
  dict: StateDict = model.stateDict(),
): Promise<Map<string, StoredTensor>> {
  const parameters = model.namedParameters();
  const entries = new Map<string, StoredTensor>();
  for (const [name, tensor] of dict) {
    const values = await tensor.data();
    const inFile = toFileLayout(parameters.get(name)?.role, { shape: tensor.shape, values });
    entries.set(name, { ...inFile, ...storedAs(values) });
  }
  return entries;
}

/** Tensors in the engine's layouts from file entries, by the roles of `model`'s parameters; freed with the scope they are made in. */
export function fromFileEntries(model: Module, entries: ReadonlyMap<string, StoredTensor>): StateDict {
  const parameters = model.namedParameters();
  const own = model.stateDict();
  return new Map(
    [...entries].map(([name, entry]) => {
      const { shape, values } = fromFileLayout(parameters.get(name)?.role, entry);
      // a double file loads into a float model: not every backend holds doubles
      const dtype = own.get(name)?.dtype ?? (values instanceof Float64Array ? "float32" : dtypeOf(values));
      return [name, tensor(values, shape, { dtype })];
    }),
  );
}

/** The one entry PyTorch itself lets a file leave out. */
const COUNTER = /(^|\.)num_batches_tracked$/;

/** What a file of `model` holds, in the file's shapes. */
function expectedEntries(model: Module): Map<string, StateSpec> {
  const parameters = model.namedParameters();
  return new Map(
    [...model.stateDict()].map(([name, { shape }]) => [
      name,
      { shape: fileShape(parameters.get(name)?.role, shape), isOptional: COUNTER.test(name) },
    ]),
  );
}

/** The names that `entries` have by whom, where those fit `model` better than the names as they are. */
function keysFor(model: Module, entries: ReadonlyMap<string, StoredTensor>): KeyStyle {
  const own = model.stateDict();
  const keys = recognizeKeys(entries.keys());
  if (keys === null || keys === ownStyle) return ownStyle;
  const hits = (style: KeyStyle) => [...entries.keys()].filter((name) => own.has(renameKey(name, style, ownStyle)));
  return hits(keys).length > hits(ownStyle).length ? keys : ownStyle;
}

/**
 * Throws CheckpointError naming the first number that is not finite, or not in `as`, and `where` it is; unless such are
 * allowed.
 */
export function expectFiniteEntries(
  entries: Iterable<readonly [string, StoredTensor]>,
  where: string,
  { allowNonFinite = false, as = "float64" }: FiniteOptions & { readonly as?: "float32" | "float64" } = {},
): void {
  const found = allowNonFinite ? null : findNonFinite(entries, { as });
  if (!found) return;
  throw new CheckpointError(
    `${where}: ${showNonFinite(found)}, expected finite numbers`,
    "the training diverged or the file is damaged: an earlier checkpoint may be sound",
  );
}

/** Doubles are rounded where a model has no room for them. */
const digitsOf = (model: Module): "float32" | "float64" =>
  [...model.stateDict().values()].some(({ dtype }) => dtype === "float64") ? "float64" : "float32";

/**
 * Loads file entries into `model`, strictly, under its own names or those of Apple or timm; returns whose they were.
 * Throws StateDictError listing every difference in the file's names and shapes, CheckpointError for numbers that are not
 * finite, before anything is written.
 */
export function loadFileEntries(
  model: Module,
  entries: ReadonlyMap<string, StoredTensor>,
  where = "loadStateDict",
  options: FiniteOptions = {},
): KeyStyle {
  const keys = keysFor(model, entries);
  const error = stateDictError(renameKeys(expectedEntries(model), ownStyle, keys), entries, where);
  if (error) throw error;
  expectFiniteEntries(entries, where, { ...options, as: digitsOf(model) });
  scope(() => model.loadStateDict(fromFileEntries(model, renameKeys(entries, keys, ownStyle))));
  return keys;
}

/**
 * A safetensors file of the model. Equal weights and metadata give equal bytes. Throws CheckpointError for weights that are
 * not finite.
 */
export async function encodeModel(
  model: Module,
  metadata: Metadata = {},
  options: FiniteOptions = {},
): Promise<Uint8Array> {
  const entries = await toFileEntries(model);
  expectFiniteEntries(entries, "encodeModel", options);
  return encodeSafetensors(entries, metadata);
}

/**
 * Loads a safetensors file with the model's own names; returns its metadata. `where` names the file in errors. Throws
 * CheckpointError for a damaged file and numbers that are not finite, StateDictError naming every difference.
 */
export function decodeInto(model: Module, bytes: Uint8Array, where?: string, options: FiniteOptions = {}): Metadata {
  const { entries, metadata } = decodeSafetensors(bytes, where);
  loadFileEntries(model, entries, where, options);
  return metadata;
}
