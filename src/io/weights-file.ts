/**
 * The weights in a file, whatever wrote it: safetensors, a bare state dict of torch.save, or one inside a training
 * checkpoint. What the file is follows from its content, never from its name.
 */
import { Budget } from "../util/budget.js";
import { clipped } from "../util/clipped.js";
import { CheckpointError } from "../util/errors.js";
import { decodeSafetensors, expectSafetensors, type Metadata, type StoredTensor } from "./safetensors.js";
import {
  decodeTorchFile,
  isTorchFile,
  kindOf,
  lookUp,
  TensorReader,
  TorchTensor,
  type Writable,
} from "./torch-checkpoint/index.js";
import { findEnd, isZip } from "./torch-checkpoint/zip-format.js";
import { findInWrappers, isSideEntry, unwrapEntries, wrapperWords } from "./wrappers.js";

/** A file of weights, whatever wrote it. */
export interface WeightsFile {
  readonly container: "safetensors" | "torch";
  /** Names as in the file; of decodeWeights without what tools put before them. */
  readonly entries: Map<string, StoredTensor>;
  /** What the file says beside its tensors, as text; of a .pth file what it has of it. */
  readonly metadata: Metadata;
  /** Where the weights were in a file that holds more, e.g. "state_dict" or "model.model_ema"; null where they are all there is. */
  readonly found: string | null;
  /** What was taken off the names, e.g. "module."; absent: nothing. */
  readonly prefix?: string;
}

/** The entry of `meta` under which our own .pth files keep their description. */
const OWN_META = "tensorone";

/**
 * The weights in the bytes of a file, without what training tools put around them (module., model., _orig_mod., dictionaries such as
 * state_dict and model_ema) and beside them (n_averaged); `where` names it in errors. Throws CheckpointError, which says what the file
 * is where it is known to be something else.
 */
export function decodeWeights(bytes: Uint8Array, where = "weights"): WeightsFile {
  const file = decodeStateDict(bytes, where);
  const { entries, prefix } = unwrapEntries(file.entries);
  return { ...file, entries, ...(prefix && { prefix }) };
}

/** The same under the names of the file. */
export function decodeStateDict(bytes: Uint8Array, where = "weights"): WeightsFile {
  if (!isTorchFile(bytes)) {
    const { entries, metadata } = decodeSafetensors(bytes, where);
    return { container: "safetensors", found: null, entries, metadata };
  }
  const object = decodeTorchFile(bytes, where);
  const { state, found } = findStateDict(object, where);
  return {
    container: "torch",
    found,
    entries: stateDictEntries(state, new TensorReader(bytes.length, where), where),
    metadata: metadataOf(object),
  };
}

/** Throws CheckpointError for a file of `size` bytes that cannot hold weights, as its first and last bytes say. */
export function expectWeights(head: Uint8Array, tail: Uint8Array, size: number, where: string): void {
  if (!isTorchFile(head)) expectSafetensors(head, tail, size, where);
  else if (isZip(head) && findEnd(tail) < 0)
    throw new CheckpointError(
      `${where}: a ZIP archive without its end`,
      "the file is truncated: copy or download it again",
    );
}

/** The tensors of a dictionary of tensors, side entries of tools left out. Throws CheckpointError. */
export function stateDictEntries(state: unknown, reader: TensorReader, where: string): Map<string, StoredTensor> {
  if (!(state instanceof Map))
    throw new CheckpointError(`${where}: ${kindOf(state)}, expected a dictionary of tensors`);
  const budget = new Budget(where, CheckpointError);
  budget.check("entries", state.size);
  const names = [...state.keys()].map((name) => {
    if (typeof name !== "string") throw new CheckpointError(`${where}: an entry is named by ${kindOf(name)}`);
    budget.check("nameBytes", name.length, clipped(name));
    return name;
  });
  return new Map(
    names.flatMap((name): [string, StoredTensor][] => {
      const value: unknown = state.get(name);
      if (!(value instanceof TorchTensor) && isSideEntry(name)) return [];
      if (!(value instanceof TorchTensor))
        throw new CheckpointError(
          `${where}: ${name} is ${kindOf(value)}, expected a tensor of plain numbers`,
          "in Python: torch.save(model.state_dict(), file)",
        );
      return [[name, reader.read(name, value)]];
    }),
  );
}

const holdsWeights = (value: ReadonlyMap<unknown, unknown>): boolean => {
  for (const [name, entry] of value)
    if (entry instanceof TorchTensor && typeof name === "string" && !isSideEntry(name)) return true;
  return false;
};

function findStateDict(object: unknown, where: string): { state: unknown; found: string | null } {
  const found = findInWrappers(object, holdsWeights);
  if (found) return { state: found.state, found: found.path };
  throw new CheckpointError(
    `${where}: holds ${kindOf(object)} without weights, expected a state dict, or one under ${wrapperWords}`,
    "in Python: torch.save(model.state_dict(), file)",
  );
}

/** Our own description, or what mmpretrain's `meta` says of the classes. */
function metadataOf(object: unknown): Metadata {
  const meta = lookUp(object, "meta");
  const own = lookUp(meta, OWN_META);
  if (own instanceof Map)
    return Object.fromEntries([...own].filter(([key, value]) => typeof key === "string" && typeof value === "string"));
  const classes = lookUp(meta, "dataset_meta", "classes") ?? lookUp(meta, "CLASSES");
  return Array.isArray(classes) && classes.length > 0 && classes.every((name) => typeof name === "string")
    ? { classes: JSON.stringify(classes) }
    : {};
}

/** mmpretrain's `meta`: the classes where it looks for them, and our own description. */
export function metaOf(metadata: Metadata): { readonly [key: string]: Writable } {
  const classes = metadata.classes === undefined ? null : (JSON.parse(metadata.classes) as readonly string[]);
  return { ...(classes && { dataset_meta: { classes } }), [OWN_META]: metadata };
}
