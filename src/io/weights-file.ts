/**
 * The weights in a file, whatever wrote it: safetensors, a bare state dict of torch.save, or one inside a training
 * checkpoint. What the file is follows from its content, never from its name.
 */
import { CheckpointError } from "../util/errors.js";
import { decodeSafetensors, type Metadata, type StoredTensor } from "./safetensors.js";
import {
  decodeTorchFile,
  isTorchFile,
  kindOf,
  lookUp,
  TensorReader,
  TorchTensor,
  type Writable,
} from "./torch-checkpoint/index.js";

/** A file of weights, whatever wrote it. */
export interface WeightsFile {
  readonly container: "safetensors" | "torch";
  /** Names as in the file, without wrappers. */
  readonly entries: Map<string, StoredTensor>;
  /** What the file says beside its tensors, as text; of a .pth file what it has of it. */
  readonly metadata: Metadata;
  /** Where the weights were in a file that holds more, e.g. "state_dict"; null where they are all there is. */
  readonly found: string | null;
}

/**
 * Where training tools put weights, averaged ones first: timm (state_dict_ema), torchvision and others (model_ema),
 * mmengine (state_dict, averaged itself; its raw weights are in ema_state_dict).
 */
const wrappers = ["state_dict_ema", "model_ema", "ema", "state_dict", "model"] as const;
/** What DistributedDataParallel and averaged models put before every name. */
const PARALLEL_PREFIX = "module.";
/** The entry of `meta` under which our own .pth files keep their description. */
const OWN_META = "tensorone";

/** The weights in the bytes of a file; `where` names it in errors. Throws CheckpointError. */
export function decodeWeights(bytes: Uint8Array, where = "weights"): WeightsFile {
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

/** The tensors of a dictionary of tensors, without the prefix of parallel training. Throws CheckpointError. */
export function stateDictEntries(state: unknown, reader: TensorReader, where: string): Map<string, StoredTensor> {
  if (!(state instanceof Map))
    throw new CheckpointError(`${where}: ${kindOf(state)}, expected a dictionary of tensors`);
  const names = [...state.keys()].map((name) => {
    if (typeof name !== "string") throw new CheckpointError(`${where}: an entry is named by ${kindOf(name)}`);
    return name;
  });
  const isPrefixed = names.length > 0 && names.every((name) => name.startsWith(PARALLEL_PREFIX));
  return new Map(
    names.map((name) => {
      const value = state.get(name);
      if (!(value instanceof TorchTensor))
        throw new CheckpointError(
          `${where}: ${name} is ${kindOf(value)}, expected a tensor of plain numbers`,
          "in Python: torch.save(model.state_dict(), file)",
        );
      return [isPrefixed ? name.slice(PARALLEL_PREFIX.length) : name, reader.read(name, value)];
    }),
  );
}

const holdsTensors = (value: unknown): boolean =>
  value instanceof Map && [...value.values()].some((entry) => entry instanceof TorchTensor);

function findStateDict(object: unknown, where: string): { state: unknown; found: string | null } {
  for (const name of wrappers) {
    const state = lookUp(object, name);
    if (holdsTensors(state)) return { state, found: name };
  }
  if (holdsTensors(object)) return { state: object, found: null };
  throw new CheckpointError(
    `${where}: holds ${kindOf(object)} without weights, expected a state dict, or one under ${wrappers.join(", ")}`,
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
