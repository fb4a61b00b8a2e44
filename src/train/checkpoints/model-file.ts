/**
 * A model as one file. Ours says itself what it is: variant, form, classes, the picture size it wants; files of PyTorch and
 * of other tools are recognised by the names and shapes of their entries. Training checkpoints load here too.
 */
import { readFile } from "node:fs/promises";
import {
  decodeTorchFile,
  decodeWeights,
  encodeWeights,
  expectFiniteEntries,
  type FiniteOptions,
  isMmengineCheckpoint,
  isTorchFile,
  type KeyStyle,
  loadFileEntries,
  type Metadata,
  readMmengineCheckpoint,
  recognizeKeys,
  recognizeModel,
  renameKeys,
  type StoredTensor,
  toFileEntries,
  type WeightsFile,
} from "../../io/index.js";
import { createModel, listModels, type MobileOne, variants } from "../../models/index.js";
import { writeFileAtomic } from "../../util/atomic-file.js";
import { CheckpointError } from "../../util/errors.js";
import type { Recipe } from "../recipes/recipe.js";
import { splitEntries } from "./checkpoint-entries.js";

/** What a model file says beside its tensors. */
export interface ModelInfo {
  readonly model: string;
  readonly form: "train" | "deploy";
  readonly numClasses: number;
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
  readonly model: MobileOne;
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

/**
 * The weights of a .safetensors or .pth file; of a training checkpoint the averaged ones unless `weights` says
 * otherwise. Throws CheckpointError, also where the file has others than those wanted and for numbers that are not finite in
 * any of its entries.
 */
export async function readWeights(
  path: string,
  { weights: wanted, ...options }: ReadOptions = {},
): Promise<WeightsFile> {
  const bytes = await readCheckpointBytes(path);
  const file = decodeWeights(bytes, path);
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

/** What a file can say beyond the model itself. */
export interface FileSubject {
  readonly recipe: Pick<Recipe, "images"> | null;
  readonly classes: readonly string[] | null;
  /** Which set of weights these are; absent: averaged, or unknown. */
  readonly weights?: WeightSet;
}

/** The metadata that describes `model` in a file. */
export function describe(model: MobileOne, { recipe, classes, weights }: FileSubject): Metadata {
  return {
    producer: "tensorone",
    model: listModels().find((name) => variants[name] === model.variant) ?? "custom",
    form: model.isDeployed ? "deploy" : "train",
    numClasses: String(model.numClasses),
    ...(classes ? { classes: JSON.stringify(classes) } : {}),
    ...(recipe ? { images: JSON.stringify(recipe.images) } : {}),
    ...(weights === "raw" ? { weights } : {}),
  };
}

/** The container that a file's name asks for. */
export const containerOf = (path: string): WeightsFile["container"] =>
  /\.(pth|pt|pth\.tar)$/i.test(path) ? "torch" : "safetensors";

/**
 * Writes weights and description in one step: .pth, .pt and .pth.tar as PyTorch has them, anything else as safetensors.
 * Names are mmpretrain's unless `keys` says otherwise. Throws CheckpointError for weights that are not finite, with the old
 * file as it was.
 */
export async function saveModelFile(
  path: string,
  model: MobileOne,
  about: FileSubject,
  { keys, ...options }: FiniteOptions & { readonly keys?: KeyStyle } = {},
): Promise<void> {
  const layout = { container: containerOf(path), ...(keys && { keys }) };
  const entries = await toFileEntries(model);
  expectFiniteEntries(entries, path, options);
  await writeFileAtomic(path, encodeWeights(entries, describe(model, about), layout));
}

/** The bytes of a checkpoint; throws CheckpointError naming the file. */
export async function readCheckpointBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new CheckpointError(
      isMissing ? `${path}: there is no such file` : `${path}: cannot be read, ${(error as Error).message}`,
      isMissing
        ? "checkpoints are <out>/model.safetensors or <out>/checkpoints/*.safetensors, or PyTorch's .pth"
        : undefined,
    );
  }
}

/** A piece of metadata, if it is what it should be. Throws CheckpointError where it is not even JSON. */
function parse<T>(text: string | undefined, isRight: (value: unknown) => value is T, path: string): T | null {
  if (text === undefined) return null;
  try {
    const value: unknown = JSON.parse(text);
    return isRight(value) ? value : null;
  } catch {
    throw new CheckpointError(`${path}: its metadata is not JSON`, "the file is damaged, or another tool wrote it");
  }
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

/** Variant, form and number of classes follow from the entries, whatever the metadata claims. */
function infoOf({ entries, metadata }: WeightsFile, keys: KeyStyle, path: string): ModelInfo {
  const recognized = recognizeModel(renameKeys(entries, keys, "mmpretrain"));
  if (!recognized)
    throw new CheckpointError(
      `${path}: its ${entries.size} entries are no MobileOne${firstNames(entries)}`,
      "expected mmpretrain's names (backbone.stage0.… and head.fc.…), Apple's (stage0.…, linear.…) or timm's (stem.…)",
    );
  const classes = parse(metadata.classes, isNames, path);
  return {
    ...recognized,
    // names of another set of classes say nothing about these
    classes: classes?.length === recognized.numClasses ? classes : null,
    images: parse(metadata.images, isImages, path),
  };
}

const firstNames = (entries: ReadonlyMap<string, StoredTensor>): string => {
  const [first] = entries.keys();
  return first === undefined ? "" : `, the first is ${first.slice(0, 80)}`;
};

/**
 * The model in a .safetensors or .pth file, with Apple's, mmpretrain's or timm's names; its averaged weights where it is a
 * training checkpoint, or the set that `weights` names. Throws CheckpointError for a file that is missing, damaged, no
 * MobileOne or not finite, StateDictError naming the entries that do not fit.
 */
export async function loadModelFile(path: string, options: ReadOptions = {}): Promise<LoadedModel> {
  const file = await readWeights(path, options);
  const keys = recognizeKeys(file.entries.keys()) ?? "mmpretrain";
  const info = infoOf(file, keys, path);
  const { numClasses, form } = info;
  const model = createModel(info.model, { numClasses, deploy: form === "deploy", init: "zeros" });
  try {
    loadFileEntries(model, file.entries, path, options);
  } catch (error) {
    model.dispose();
    throw error;
  }
  const { container, found } = file;
  return { model: model.eval(), classes: info.classes, info, origin: { container, keys, found } };
}
