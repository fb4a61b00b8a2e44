/**
 * A model from whatever names one: a file, or the folder of a run, which holds a delivered model, that of its best epoch where
 * it was asked for, and checkpoints with both sets of weights.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { CheckpointError } from "../../util/errors.js";
import { isFolder } from "../../util/file-status.js";
import { listCheckpoints } from "./checkpoint.js";
import { BEST_FILE_NAME, MODEL_FILE_NAME } from "./final-model.js";
import { type LoadedModel, loadModelFile, type ReadOptions, type WeightSet } from "./model-file.js";

export interface FoundModel extends LoadedModel {
  /** The file it was read from. */
  readonly path: string;
}

/**
 * The file behind a path: itself, or of a run folder that of its best epoch, else the delivered model, or the newest checkpoint
 * where a set of weights is `wanted` or no model was delivered yet. Throws CheckpointError for a folder without either.
 */
export async function findModelFile(path: string, wanted?: WeightSet): Promise<string> {
  if (!isFolder(path)) return path;
  const delivered = [BEST_FILE_NAME, MODEL_FILE_NAME].map((name) => join(path, name)).find((file) => existsSync(file));
  if (wanted === undefined && delivered !== undefined) return delivered;
  const [newest] = await listCheckpoints(join(path, "checkpoints"));
  if (newest && newest.step >= 0) return newest.path.replace(/\.json$/, ".safetensors");
  throw new CheckpointError(
    `${path}: is a folder without checkpoints, expected the folder of a run or a file`,
    "model files are <out>/model.safetensors, or PyTorch's .pth",
  );
}

/**
 * The model that `path` names: a .safetensors or .pth file under the names of any publisher, or the folder of a run; its averaged weights
 * where it is a training checkpoint, or the set that `weights` names. Throws CheckpointError for a file that is missing, damaged, of no
 * known family or not finite, and for a folder without a model; StateDictError naming the entries that do not fit.
 */
export async function loadModel(path: string, options: ReadOptions = {}): Promise<FoundModel> {
  const file = await findModelFile(path, options.weights);
  return { ...(await loadModelFile(file, options)), path: file };
}
