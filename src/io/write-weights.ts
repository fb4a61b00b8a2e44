/** Weights as the file another program expects: its container, its names, and its place for what is known beside them. */
import { type KeyStyle, ownStyle } from "./key-maps/dialects.js";
import { renameKeys } from "./key-maps/translate.js";
import { encodeSafetensors, type Metadata, type StoredTensor } from "./safetensors.js";
import { encodeTorchFile, StateDict, type Writable } from "./torch-checkpoint/index.js";
import { OWN_META } from "./weights-file.js";

export interface WeightsLayout {
  /** Default "safetensors". */
  readonly container?: "safetensors" | "torch";
  /** Whose names the entries get. Default mmpretrain's, which are this package's own. */
  readonly keys?: KeyStyle;
}

/**
 * Entries under this package's names as the bytes of a file. A .pth file is what mmpretrain publishes, `meta` and
 * `state_dict`, under mmpretrain's names; under others it is the bare state dict that Apple's and timm's loaders take, and
 * has no room for `metadata`. Equal input gives equal bytes.
 */
export function encodeWeights(
  entries: ReadonlyMap<string, StoredTensor>,
  metadata: Metadata = {},
  { container = "safetensors", keys = ownStyle }: WeightsLayout = {},
): Uint8Array {
  const named = renameKeys(entries, ownStyle, keys);
  if (container === "safetensors") return encodeSafetensors(named, metadata);
  const state = new StateDict(named);
  return encodeTorchFile(keys === ownStyle ? { meta: metaOf(metadata), state_dict: state } : state);
}

/** mmpretrain's `meta`: the classes where it looks for them, and our own description. */
export function metaOf(metadata: Metadata): { readonly [key: string]: Writable } {
  const classes = metadata.classes === undefined ? null : (JSON.parse(metadata.classes) as readonly string[]);
  return { ...(classes && { dataset_meta: { classes } }), [OWN_META]: metadata };
}
