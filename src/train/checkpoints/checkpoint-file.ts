/**
 * The two verbs of the public face: a module's weights from and to a file, .safetensors or PyTorch's .pth.
 */
import {
  encodeWeights,
  expectFiniteEntries,
  type FiniteOptions,
  type KeyStyle,
  loadFileEntries,
  toFileEntries,
} from "../../models/files/index.js";
import type { Module } from "../../nn/module.js";
import { writeFileAtomic } from "../../util/atomic-file.js";
import { containerOf, expectWeightsName, type ReadOptions, readWeights } from "./model-file.js";
import { findModelFile } from "./run-weights.js";

/**
 * Loads a .safetensors or .pth file, or the model of a run folder, into `model`, strictly, under the model's own names or others that its family knows; of a
 * training checkpoint the averaged weights unless `weights` is "raw". Throws CheckpointError for a damaged file and for
 * numbers that are not finite, StateDictError naming every difference.
 *
 * @example
 * ```ts
 * await saveCheckpoint(new nn.Linear(4, 2, { init: "zeros" }), "zeros.safetensors");
 * const layer = new nn.Linear(4, 2);
 * await loadCheckpoint(layer, "zeros.safetensors");
 * console.log(layer.weight.sum().item()); // 0
 * ```
 */
export async function loadCheckpoint(model: Module<unknown>, path: string, options: ReadOptions = {}): Promise<void> {
  const file = await findModelFile(path, options.weights);
  const { entries } = await readWeights(file, options);
  loadFileEntries(model, entries, file, options);
}

/**
 * Writes `model` in one step: .pth, .pt and .pth.tar for torch.load, anything else as safetensors; the names of a model
 * as `keys` says, by default its own. Throws CheckpointError for weights that are not finite, with the old file as it
 * was, and UsageError for a name that promises another format, such as x.h5.
 *
 * @example
 * ```ts
 * await saveCheckpoint(new nn.Linear(4, 2), "linear.safetensors");
 * await saveCheckpoint(models.createModel("mobileone_s0"), "s0.pth", { keys: "apple" });
 * ```
 */
export async function saveCheckpoint(
  model: Module<unknown>,
  path: string,
  { keys, ...options }: FiniteOptions & { readonly keys?: KeyStyle } = {},
): Promise<void> {
  expectWeightsName("saveCheckpoint", path);
  const layout = { container: containerOf(path), ...(keys && { keys }) };
  const entries = await toFileEntries(model);
  expectFiniteEntries(entries, path, options);
  await writeFileAtomic(path, encodeWeights(entries, {}, layout));
}
