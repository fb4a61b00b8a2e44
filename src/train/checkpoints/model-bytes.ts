/**
 * A model as the bytes of one file. Ours says itself what it is: variant, form, classes, the picture size it wants; files of PyTorch and
 * of other tools are recognised by the names and shapes of their entries. Runs in Node and in a tab; model-file.ts has the files.
 */
import {
  commonPrefix,
  decodeStateDict,
  decodeTorchFile,
  encodeWeights,
  expectFiniteEntries,
  type FiniteOptions,
  identify,
  isMmengineCheckpoint,
  isTorchFile,
  type KeyStyle,
  keyStyles,
  loadFileEntries,
  type Metadata,
  readMmengineCheckpoint,
  type StoredTensor,
  toFileEntries,
  unwrapEntries,
  type WeightsFile,
  type WeightsLayout,
} from "../../models/files/index.js";
import { type Classifier, createModel, families, nameOf } from "../../models/index.js";
import type { Recipe } from "../../models/recipe.js";
import { clipped } from "../../util/clipped.js";
import { CheckpointError } from "../../util/errors.js";
import { parseJson } from "../../util/parse-json.js";
import { splitEntries } from "./checkpoint-entries.js";

/** What a model file says beside its tensors. */
export interface ModelInfo {
  readonly model: string;
  readonly form: "train" | "deploy";
  readonly numClasses: number;
  /** Of the images; absent: 3. */
  readonly inChannels?: number;
  /** Class names in the order of the logits; null where the file does not say. */
  readonly classes: readonly string[] | null;
  /** Picture size and resize for evaluation; null where the file does not say. */
  readonly images: Recipe["images"] | null;
}

/** Where a file came from. */
export interface FileOrigin {
  readonly container: WeightsFile["container"];
  /** Whose names its entries have. */
  readonly keys: KeyStyle;
  /** What part of it holds the weights, e.g. "state_dict"; null where they are all there is. */
  readonly found: string | null;
}

export interface LoadedModel {
  /** In evaluation mode. */
  readonly model: Classifier;
  readonly origin: FileOrigin;
  readonly classes: readonly string[] | null;
  readonly info: ModelInfo;
}

/** A run has two sets of weights: those that the optimiser moves, and their moving averages. */
export const weightSets = ["averaged", "raw"] as const;
export type WeightSet = (typeof weightSets)[number];

export interface ReadOptions extends FiniteOptions {
  /** Of a training checkpoint. Default: the averaged ones, and of other files what they hold. */
  readonly weights?: WeightSet | undefined;
}

/** What a file can say beyond the model itself. */
export interface FileSubject {
  readonly recipe: Pick<Recipe, "images"> | null;
  readonly classes: readonly string[] | null;
  /** Which set of weights these are; absent: averaged, or unknown. */
  readonly weights?: WeightSet;
  /** Steps that the run had done. */
  readonly step?: number;
}

/** The metadata that describes `model` in a file. */
export function describe(model: Classifier, { recipe, classes, weights, step }: FileSubject): Metadata {
  return {
    producer: "tensorone",
    model: nameOf(model),
    form: model.isDeployed ? "deploy" : "train",
    numClasses: String(model.numClasses),
    ...(classes ? { classes: JSON.stringify(classes) } : {}),
    ...(recipe ? { images: JSON.stringify(recipe.images) } : {}),
    ...(weights === "raw" ? { weights } : {}),
    ...(step === undefined ? {} : { step: String(step) }),
  };
}

/** How the bytes are laid out, and who is named in errors. */
export interface EncodeOptions extends FiniteOptions, WeightsLayout {
  readonly where?: string;
}

/** The weights among the entries of a file, as readWeights() has them of one by its path. */
export function weightsIn(
  bytes: Uint8Array,
  path: string,
  { weights: wanted, ...options }: ReadOptions = {},
): WeightsFile {
  const file = decodeStateDict(bytes, path);
  expectFiniteEntries(file.entries, path, options);
  const { averages, raw } = splitEntries(file.entries);
  if (raw.size > 0) return { ...file, entries: new Map(wanted === "raw" ? raw : averages) };
  if (wanted === "raw" && isTorchFile(bytes)) {
    const object = decodeTorchFile(bytes, path);
    if (isMmengineCheckpoint(object)) {
      const entries = new Map(readMmengineCheckpoint(object, bytes.length, path).raw);
      expectFiniteEntries(entries, path, options);
      return { ...file, entries };
    }
  }
  // files of others do not say; one that train wrote does where its weights are raw
  const own: WeightSet | null = file.metadata.weights === "raw" ? "raw" : null;
  if (wanted !== undefined && wanted !== (own ?? "averaged"))
    throw new CheckpointError(
      `${path}: holds ${own ?? "one set of"} weights alone, expected ${wanted} ones`,
      "both sets are in the run's folder and in the files of its checkpoints/: name one of these",
    );
  return { ...file, entries: new Map(averages) };
}

/** A piece of metadata, if it is what it should be. Throws CheckpointError where it is not even JSON. */
function parse<T>(text: string | undefined, isRight: (value: unknown) => value is T, path: string): T | null {
  if (text === undefined) return null;
  const value = parseJson(text, `${path}: its metadata`, CheckpointError, () => {
    return new CheckpointError(`${path}: its metadata is not JSON`, "the file is damaged, or another tool wrote it");
  });
  return isRight(value) ? value : null;
}

const isNames = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((name) => typeof name === "string");

/** Above any picture a network is run on; a file is not trusted to ask for more. */
const LARGEST_SIDE = 1 << 14;
const isSide = (value: unknown): boolean =>
  Number.isInteger(value) && Number(value) >= 1 && Number(value) <= LARGEST_SIDE;

function isImages(value: unknown): value is Recipe["images"] {
  const { evalSize, evalResize } = (value ?? {}) as Partial<Recipe["images"]>;
  return isSide(evalSize) && isSide(evalResize);
}

const familyNames = families.map(({ name }) => name).join(", ");

/** Variant, form and number of classes follow from the entries, whatever the metadata claims. */
export function infoOf(
  file: WeightsFile,
  path: string,
): { readonly info: ModelInfo; readonly keys: KeyStyle; readonly entries: WeightsFile["entries"] } {
  const { metadata } = file;
  const { entries, prefix } = unwrapEntries(file.entries);
  const found = identify(entries);
  if (!found) throw unknownEntries(entries, prefix, path);
  const { recognized, style } = found;
  const classes = parse(metadata.classes, isNames, path);
  const info = {
    ...recognized,
    // names of another set of classes say nothing about these
    classes: classes?.length === recognized.numClasses ? classes : null,
    images: parse(metadata.images, isImages, path),
  };
  return { info, keys: style, entries };
}

/** What was taken off the names is named, and what is left before all of them. */
function unknownEntries(entries: WeightsFile["entries"], prefix: string, path: string): CheckpointError {
  const without = prefix === "" ? "" : `, without the ${prefix} before them`;
  const common = entries.size > 1 ? commonPrefix(entries.keys()) : "";
  const bare = new Map([...entries].map(([name, entry]) => [name.slice(common.length), entry]));
  const inside = common === "" ? null : identify(bare);
  return new CheckpointError(
    `${path}: its ${entries.size} entries${without} are no ${familyNames}${firstNames(entries)}`,
    inside === null
      ? `known are names of ${keyStyles.join(", ")}`
      : `all begin with ${clipped(common)}: without it this is ${inside.recognized.model}, so save that part alone`,
  );
}

const firstNames = (entries: ReadonlyMap<string, StoredTensor>): string => {
  const [first] = entries.keys();
  return first === undefined ? "" : `, the first is ${first.slice(0, 80)}`;
};

/** The model of decoded weights, in evaluation mode. */
export function modelOf(file: WeightsFile, path: string, options: ReadOptions = {}): LoadedModel {
  const { info, keys, entries } = infoOf(file, path);
  const { numClasses, form, inChannels = 3 } = info;
  const model = createModel(info.model, { numClasses, inChannels, deploy: form === "deploy", init: "zeros" });
  try {
    loadFileEntries(model, entries, path, options);
  } catch (error) {
    model.dispose();
    throw error;
  }
  const { container, found } = file;
  return { model: model.eval(), classes: info.classes, info, origin: { container, keys, found } };
}

/**
 * The model in the bytes of a .safetensors or .pth file, under the names of any publisher; its averaged weights where it is a training
 * checkpoint, or the set that `weights` names. `where` names the file in errors. Throws CheckpointError for bytes that are damaged, of
 * no known family or not finite, StateDictError naming the entries that do not fit.
 *
 * @example
 * ```ts
 * const bytes = await encodeModelFile(models.createModel("mobileone_s0", { numClasses: 2 }), { classes: ["cat", "dog"] });
 * const { model, classes } = decodeModelFile(bytes);
 * console.log(model.numClasses, classes); // 2 ["cat", "dog"]
 * ```
 */
export const decodeModelFile = (bytes: Uint8Array, where = "decodeModelFile", options: ReadOptions = {}): LoadedModel =>
  modelOf(weightsIn(bytes, where, options), where, options);

/**
 * The bytes of saveModelFile(): weights, and what the model is, its classes and the picture size it wants. Throws CheckpointError for
 * weights that are not finite, UsageError for names of entries that the family has not.
 */
export async function encodeModelFile(
  model: Classifier,
  about: Partial<FileSubject> = {},
  { allowNonFinite = false, where = "encodeModelFile", ...layout }: EncodeOptions = {},
): Promise<Uint8Array> {
  const entries = await toFileEntries(model);
  expectFiniteEntries(entries, where, { allowNonFinite });
  return encodeWeights(entries, describe(model, { recipe: null, classes: null, ...about }), layout);
}
