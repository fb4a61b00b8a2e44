/**
 * A model as one file. Ours says itself what it is: variant, form, classes, the picture size it wants; files of PyTorch and
 * of other tools are recognised by the names and shapes of their entries. Training checkpoints load here too.
 */
import {
  commonPrefix,
  decodeStateDict,
  decodeTorchFile,
  encodeWeights,
  expectFiniteEntries,
  expectWeights,
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
} from "../../models/files/index.js";
import { type Classifier, createModel, families, nameOf } from "../../models/index.js";
import type { Recipe } from "../../models/recipe.js";
import { writeFileAtomic } from "../../util/atomic-file.js";
import { clipped } from "../../util/clipped.js";
import { CheckpointError, UsageError } from "../../util/errors.js";
import { parseJson } from "../../util/parse-json.js";
import { type ReadWithinOptions, readWithin, type SizeLimit } from "../../util/read-within.js";
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

/**
 * The weights of a .safetensors or .pth file; of a training checkpoint the averaged ones unless `weights` says
 * otherwise. Throws CheckpointError, also where the file has others than those wanted and for numbers that are not finite in
 * any of its entries.
 */
export async function readWeights(
  path: string,
  { weights: wanted, ...options }: ReadOptions = {},
): Promise<WeightsFile> {
  const bytes = await readCheckpointBytes(path, "fileBytes", (head, tail, size) =>
    expectWeights(head, tail, size, path),
  );
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

/** Endings that promise what is not written here. */
const foreignEndings =
  /\.(h5|hdf5|keras|weights|onnx|tflite|pb|ckpt|index|np[yz]|pkl|pickle|pdparams|params|msgpack|gguf|ggml|mlmodel|mlpackage|json|zip|tar|gz|tgz|bin|txt|csv|png|jpe?g)$/i;

/** Throws UsageError for a name by which other programs would take the file for what it is not. */
export function expectWeightsName(where: string, path: string): void {
  const ending = foreignEndings.exec(path)?.[0];
  if (ending === undefined || containerOf(path) === "torch") return;
  throw new UsageError(
    `${where}: ${path} would hold safetensors, expected a name that does not end with ${ending}`,
    ending.toLowerCase() === ".onnx" ? "export writes .onnx" : "weights are written as .safetensors, or PyTorch's .pth",
  );
}

/** The container that a file's name asks for. */
export const containerOf = (path: string): WeightsFile["container"] =>
  /\.(pth|pt|pth\.tar)$/i.test(path) ? "torch" : "safetensors";

/**
 * Writes weights and description in one step: .pth, .pt and .pth.tar as PyTorch has them, anything else as safetensors.
 * Names are the model's own unless `keys` says otherwise. Throws CheckpointError for weights that are not finite, with the old
 * file as it was, and UsageError for a name that promises another format, such as x.h5.
 */
export async function saveModelFile(
  path: string,
  model: Classifier,
  about: FileSubject,
  { keys, ...options }: FiniteOptions & { readonly keys?: KeyStyle } = {},
): Promise<void> {
  expectWeightsName("saveModelFile", path);
  const layout = { container: containerOf(path), ...(keys && { keys }) };
  const entries = await toFileEntries(model);
  expectFiniteEntries(entries, path, options);
  await writeFileAtomic(path, encodeWeights(entries, describe(model, about), layout));
}

/** The bytes of a checkpoint; throws CheckpointError naming the file, also for one above `limit`, and what `inspect` throws. */
export async function readCheckpointBytes(
  path: string,
  limit: SizeLimit = "fileBytes",
  inspect?: ReadWithinOptions["inspect"],
): Promise<Uint8Array> {
  try {
    return readWithin(path, limit, { fault: CheckpointError, ...(inspect && { inspect }) });
  } catch (error) {
    if (error instanceof CheckpointError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    const came = { ENOENT: "there is no such file", EISDIR: "it is a folder" }[code ?? ""];
    throw new CheckpointError(
      `${path}: ${came ?? `cannot be read, ${message}`}`,
      came && "checkpoints are <out>/model.safetensors or <out>/checkpoints/*.safetensors, or PyTorch's .pth",
    );
  }
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
function infoOf(
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

/**
 * The model in a .safetensors or .pth file, under the names of any publisher; its averaged weights where it is a
 * training checkpoint, or the set that `weights` names. Throws CheckpointError for a file that is missing, damaged, of no
 * known family or not finite, StateDictError naming the entries that do not fit.
 */
export async function loadModelFile(path: string, options: ReadOptions = {}): Promise<LoadedModel> {
  const file = await readWeights(path, options);
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

/** What a model file is, without the model. Throws CheckpointError as loadModelFile does. */
export async function readModelInfo(path: string): Promise<ModelInfo> {
  return infoOf(await readWeights(path), path).info;
}
