/** Weights as the file another program expects: its container, its names, and its place for what is known beside them. */
import { encodeSafetensors, type Metadata, type StoredTensor } from "../../io/safetensors.js";
import { encodeTorchFile, StateDict } from "../../io/torch-checkpoint/index.js";
import { metaOf } from "../../io/weights-file.js";
import { UsageError } from "../../util/errors.js";
import { families, type KeyStyle } from "../families.js";
import type { Family } from "../family.js";
import { keyMapOf, styleOf } from "./names.js";

/** The container and the names of a file to be written. */
export interface WeightsLayout {
  /** Default "safetensors". */
  readonly container?: "safetensors" | "torch";
  /** Whose names the entries get. Default: those of the family's own models, as they are. */
  readonly keys?: KeyStyle;
}

/** Whose .pth files have a description beside the weights; everybody else's are bare state dicts. */
const DESCRIBED = "mmpretrain" satisfies KeyStyle;

/** The family most of whose own names these are; null for another network. */
function familyOfNames(names: readonly string[]): Family | null {
  const counts = families.map((family) => keyMapOf(family).countBlocks(names, family.ownKeys));
  const most = Math.max(...counts);
  return most > 0 ? families[counts.indexOf(most)]! : null;
}

/** The names that entries get, and in whose dialect they are then. Throws UsageError where nobody of that name gives any. */
function named(entries: ReadonlyMap<string, StoredTensor>, keys: KeyStyle | undefined) {
  const family = familyOfNames([...entries.keys()]);
  // a network of no family is described like our own
  if (!family) return { entries, style: keys ?? DESCRIBED };
  const style = keys ?? styleOf(family.ownKeys);
  const map = keyMapOf(family);
  if (!map.styles.includes(style))
    throw new UsageError(
      `${family.name} has no names of ${style}, expected ${map.styles.join(", ")}`,
      `its own are ${family.ownKeys}'s`,
    );
  return { entries: map.renameAll(entries, family.ownKeys, style), style };
}

/**
 * Entries under this package's names as the bytes of a file. A .pth file under mmpretrain's names is what mmpretrain
 * publishes, `meta` and `state_dict`; under others it is the bare state dict that their loaders take, and has no room for
 * `metadata`. Equal input gives equal bytes. Throws UsageError for names that the entries do not have.
 */
export function encodeWeights(
  entries: ReadonlyMap<string, StoredTensor>,
  metadata: Metadata = {},
  { container = "safetensors", keys }: WeightsLayout = {},
): Uint8Array {
  const { entries: renamed, style } = named(entries, keys);
  if (container === "safetensors") return encodeSafetensors(renamed, metadata, { hashes: true });
  const state = new StateDict(renamed);
  return encodeTorchFile(style === DESCRIBED ? { meta: metaOf(metadata), state_dict: state } : state);
}
