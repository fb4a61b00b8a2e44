/**
 * A model's state dict as the entries of a file, and back: PyTorch's layouts, batch counters as 64-bit integers. Which
 * entry needs turning follows from the role of the model's parameter.
 */
import type { Module } from "../nn/module.js";
import type { StateDict } from "../nn/state-dict.js";
import { tensor } from "../tensor/create.js";
import { type DType, dtypeOf } from "../tensor/dtype.js";
import { findNonFinite, showNonFinite } from "../tensor/finite.js";
import { CheckpointError, DTypeError } from "../util/errors.js";
import type { ElementCode } from "./element-codes.js";
import { fromFileLayout, toFileLayout } from "./layout.js";
import { encodeSafetensors, type Metadata, type StoredTensor } from "./safetensors.js";

/** What may be in a file of weights. */
export interface FiniteOptions {
  /** Take NaN and infinities as they are, to look into a file or a model that has some. Default false: they are refused. */
  readonly allowNonFinite?: boolean;
}

/** PyTorch's counters are int64 scalars; bytes of bool are no uint8. */
const codes: { readonly [D in DType]?: ElementCode } = { int32: "I64", bool: "BOOL" };
const storedAs = (dtype: DType): Pick<StoredTensor, "code"> => {
  const code = codes[dtype];
  return code ? { code } : {};
};

/** The dtype of an entry that no tensor of the model asks for: a double file loads into a float model. */
function dtypeOfEntry({ code, values }: StoredTensor): DType {
  if (code === "BOOL") return "bool";
  if (code === "I64") return "int64";
  return values instanceof Float64Array ? "float32" : dtypeOf(values);
}

/**
 * File entries of `model`, or of other values under its names: averages, momentum buffers (for which the roles of its
 * parameters hold as well).
 */
export async function toFileEntries(
  model: Module<unknown>,
  dict: StateDict = model.stateDict(),
): Promise<Map<string, StoredTensor>> {
  const parameters = model.namedParameters({ removeDuplicate: false });
  const entries = new Map<string, StoredTensor>();
  for (const [name, tensor] of dict) {
    const values = await tensor.data();
    const inFile = toFileLayout(parameters.get(name)?.role, { shape: tensor.shape, values });
    entries.set(name, { ...inFile, ...storedAs(tensor.dtype) });
  }
  return entries;
}

/**
 * Tensors in the engine's layouts from file entries, by the roles of `model`'s parameters; freed with the scope they are made in.
 * Throws CheckpointError with `where` for an integer that the model's own dtype does not hold.
 */
export function fromFileEntries(
  model: Module<unknown>,
  entries: ReadonlyMap<string, StoredTensor>,
  where = "state dict",
): StateDict {
  const parameters = model.namedParameters({ removeDuplicate: false });
  const own = model.stateDict();
  return new Map(
    [...entries].map(([name, entry]) => {
      const { shape, values } = fromFileLayout(parameters.get(name)?.role, entry);
      const dtype = own.get(name)?.dtype ?? dtypeOfEntry(entry);
      try {
        return [name, tensor(values, shape, { dtype })];
      } catch (error) {
        if (!(error instanceof DTypeError)) throw error;
        throw new CheckpointError(`${where}: ${name}: ${error.message}`);
      }
    }),
  );
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

/**
 * A safetensors file of the model, with hashes that readers of this package check. Equal weights and metadata give equal bytes. Throws CheckpointError for weights that are
 * not finite.
 *
 * @example
 * ```ts
 * const model = new nn.Linear(4, 2);
 * const bytes = await io.encodeModel(model, { made: "by an example" });
 * console.log(io.decodeInto(new nn.Linear(4, 2), bytes)); // { made: "by an example" }
 * ```
 */
export async function encodeModel(
  model: Module<unknown>,
  metadata: Metadata = {},
  options: FiniteOptions = {},
): Promise<Uint8Array> {
  const entries = await toFileEntries(model);
  expectFiniteEntries(entries, "encodeModel", options);
  return encodeSafetensors(entries, metadata, { hashes: true });
}
