/**
 * A model as one file. Ours says itself what it is: variant, form, classes, the picture size it wants; files of PyTorch and
 * of other tools are recognised by the names and shapes of their entries. Training checkpoints load here too.
 */
import { expectWeights, type FiniteOptions, type KeyStyle, type WeightsFile } from "../../models/files/index.js";
import type { Classifier } from "../../models/index.js";
import { writeFileAtomic } from "../../util/atomic-file.js";
import { CheckpointError, UsageError } from "../../util/errors.js";
import { type ReadWithinOptions, readWithin, type SizeLimit } from "../../util/read-within.js";
import {
  encodeModelFile,
  type FileSubject,
  infoOf,
  type LoadedModel,
  type ModelInfo,
  modelOf,
  type ReadOptions,
  weightsIn,
} from "./model-bytes.js";

export {
  describe,
  type FileOrigin,
  type FileSubject,
  type LoadedModel,
  type ModelInfo,
  type ReadOptions,
  type WeightSet,
  weightSets,
} from "./model-bytes.js";

/**
 * The weights of a .safetensors or .pth file; of a training checkpoint the averaged ones unless `weights` says
 * otherwise. Throws CheckpointError, also where the file has others than those wanted and for numbers that are not finite in
 * any of its entries.
 */
export async function readWeights(path: string, options: ReadOptions = {}): Promise<WeightsFile> {
  const bytes = await readCheckpointBytes(path, "fileBytes", (head, tail, size) =>
    expectWeights(head, tail, size, path),
  );
  return weightsIn(bytes, path, options);
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
  await writeFileAtomic(path, await encodeModelFile(model, about, { ...layout, ...options, where: path }));
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

/**
 * The model in a .safetensors or .pth file, under the names of any publisher; its averaged weights where it is a
 * training checkpoint, or the set that `weights` names. Throws CheckpointError for a file that is missing, damaged, of no
 * known family or not finite, StateDictError naming the entries that do not fit.
 */
export async function loadModelFile(path: string, options: ReadOptions = {}): Promise<LoadedModel> {
  return modelOf(await readWeights(path, options), path, options);
}

/** What a model file is, without the model. Throws CheckpointError as loadModelFile does. */
export async function readModelInfo(path: string): Promise<ModelInfo> {
  return infoOf(await readWeights(path), path).info;
}
