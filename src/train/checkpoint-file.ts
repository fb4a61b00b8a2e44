/**
 * The two verbs of the public face: a module's weights from and to a safetensors file, by its own names.
 */
import { encodeModel, loadFileEntries } from "../io/index.js";
import type { Module } from "../nn/module.js";
import { writeFileAtomic } from "../util/atomic-file.js";
import { readWeights } from "./model-file.js";

/**
 * Loads a .safetensors file into `model`, strictly; of a training checkpoint the averaged weights.
 * Throws CheckpointError for a damaged file, StateDictError naming every difference.
 */
export async function loadCheckpoint(model: Module, path: string): Promise<void> {
  const { entries } = await readWeights(path);
  loadFileEntries(model, entries);
}

/** Writes `model` as a .safetensors file in one step. */
export async function saveCheckpoint(model: Module, path: string): Promise<void> {
  await writeFileAtomic(path, await encodeModel(model));
}
