/**
 * A model's state dict as the entries of a file, and back: mmpretrain's names, PyTorch's layouts, batch counters as
 * 64-bit integers. Which entry needs turning follows from the role of the model's parameter of that name.
 */
import type { Module } from "../nn/module.js";
import type { StateDict } from "../nn/state-dict.js";
import { tensor } from "../tensor/create.js";
import { dtypeOf } from "../tensor/dtype.js";
import { scope } from "../tensor/scope.js";
import { fromFileLayout, toFileLayout } from "./layout.js";
import { decodeSafetensors, encodeSafetensors, type Metadata, type StoredTensor } from "./safetensors.js";

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

/** Loads file entries into `model`, strictly. Throws StateDictError as Module.loadStateDict does. */
export function loadFileEntries(model: Module, entries: ReadonlyMap<string, StoredTensor>): void {
  scope(() => model.loadStateDict(fromFileEntries(model, entries)));
}

/** A safetensors file of the model. Equal weights and metadata give equal bytes. */
export async function encodeModel(model: Module, metadata: Metadata = {}): Promise<Uint8Array> {
  return encodeSafetensors(await toFileEntries(model), metadata);
}

/** Loads a safetensors file with the model's own names; returns its metadata. `where` names the file in errors. */
export function decodeInto(model: Module, bytes: Uint8Array, where?: string): Metadata {
  const { entries, metadata } = decodeSafetensors(bytes, where);
  loadFileEntries(model, entries);
  return metadata;
}
