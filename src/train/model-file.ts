/**
 * A model as one safetensors file that says itself what it is: variant, form, classes, the picture size it wants. Weights
 * under mmpretrain's names in PyTorch's layouts. Training checkpoints carry the same description and load here too.
 */
import { readFile } from "node:fs/promises";
import {
  type DecodedFile,
  decodeSafetensors,
  encodeSafetensors,
  loadFileEntries,
  type Metadata,
  type StoredTensor,
  toFileEntries,
} from "../io/index.js";
import { createModel, listModels, type MobileOne, variants } from "../models/index.js";
import { compareStates } from "../nn/state-dict.js";
import { writeFileAtomic } from "../util/atomic-file.js";
import { CheckpointError } from "../util/errors.js";
import type { Recipe } from "./recipe.js";

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

export interface LoadedModel {
  /** In evaluation mode. */
  readonly model: MobileOne;
  readonly classes: readonly string[] | null;
  readonly info: ModelInfo;
}

/** Entries with these prefixes are a training run's own (checkpoint.ts), not the model's. */
const trainingPrefixes = ["raw.", "momentum."] as const;

/** The model's entries of a file, and its metadata; of a training checkpoint the averaged weights. Throws CheckpointError. */
export async function readWeights(path: string): Promise<DecodedFile> {
  const { entries, metadata } = decodeSafetensors(await readCheckpointBytes(path), path);
  const isWeight = (name: string): boolean => !trainingPrefixes.some((prefix) => name.startsWith(prefix));
  return { entries: new Map([...entries].filter(([name]) => isWeight(name))), metadata };
}

/** What a file can say beyond the model itself. */
export interface FileSubject {
  readonly recipe: Pick<Recipe, "images"> | null;
  readonly classes: readonly string[] | null;
}

/** The metadata that describes `model` in a file. */
export function describe(model: MobileOne, { recipe, classes }: FileSubject): Metadata {
  return {
    producer: "tensorone",
    model: listModels().find((name) => variants[name] === model.variant) ?? "custom",
    form: model.isDeployed ? "deploy" : "train",
    numClasses: String(model.numClasses),
    ...(classes ? { classes: JSON.stringify(classes) } : {}),
    ...(recipe ? { images: JSON.stringify(recipe.images) } : {}),
  };
}

/** Writes weights and description in one step. */
export async function saveModelFile(path: string, model: MobileOne, about: FileSubject): Promise<void> {
  await writeFileAtomic(path, encodeSafetensors(await toFileEntries(model), describe(model, about)));
}

/** The bytes of a checkpoint; throws CheckpointError naming the file. */
export async function readCheckpointBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new CheckpointError(
      isMissing ? `${path}: there is no such file` : `${path}: cannot be read, ${(error as Error).message}`,
      isMissing ? "checkpoints are <out>/model.safetensors or <out>/checkpoints/*.safetensors" : undefined,
    );
  }
}

function parse<T>(text: string | undefined, path: string): T | null {
  if (text === undefined) return null;
  try {
    return JSON.parse(text) as T;
  } catch {
    throw new CheckpointError(`${path}: its metadata is not JSON`, "the file is damaged, or another tool wrote it");
  }
}

/** Variant and form of a file without a description, by the names and shapes of its entries. */
function recognize(entries: ReadonlyMap<string, StoredTensor>, path: string): ModelInfo {
  const form = [...entries.keys()].some((name) => name.includes("branch_reparam")) ? "deploy" : "train";
  const numClasses = entries.get("head.fc.bias")?.shape[0];
  for (const name of numClasses === undefined ? [] : listModels()) {
    const model = createModel(name, { numClasses: numClasses!, deploy: form === "deploy", init: "zeros" });
    const own = new Map([...model.stateDict().keys()].map((key) => [key, { shape: [] }]));
    const names = compareStates(own, new Map([...entries.keys()].map((key) => [key, { shape: [] }])));
    const features = model.classifier.weight.shape[0];
    const isFit = names.unexpected.length === 0 && entries.get("head.fc.weight")?.shape[1] === features;
    const stem =
      entries.get("backbone.stage2.1.branch_conv_list.0.conv.weight") ??
      entries.get("backbone.stage2.1.branch_reparam.weight");
    const width = model.blocks[6]?.spec.outChannels;
    model.dispose();
    if (isFit && stem?.shape[0] === width)
      return { model: name, form, numClasses: numClasses!, classes: null, images: null };
  }
  throw new CheckpointError(
    `${path}: its ${entries.size} entries are no MobileOne with mmpretrain's names`,
    "expected backbone.stage0.… and head.fc.…",
  );
}

function infoOf(metadata: Metadata, entries: ReadonlyMap<string, StoredTensor>, path: string): ModelInfo {
  const { model, form, numClasses } = metadata;
  if (model === undefined || (form !== "train" && form !== "deploy") || !(Number(numClasses) >= 1))
    return recognize(entries, path);
  return {
    model,
    form,
    numClasses: Number(numClasses),
    classes: parse<string[]>(metadata.classes, path),
    images: parse<Recipe["images"]>(metadata.images, path),
  };
}

/**
 * The model in a file: its averaged weights where it is a training checkpoint.
 * Throws CheckpointError for a file that is missing or damaged, StateDictError where entries do not fit.
 */
export async function loadModelFile(path: string): Promise<LoadedModel> {
  const { entries, metadata } = await readWeights(path);
  const info = infoOf(metadata, entries, path);
  const { numClasses, form } = info;
  const model = createModel(info.model, { numClasses, deploy: form === "deploy", init: "zeros" });
  loadFileEntries(model, entries);
  return { model: model.eval(), classes: info.classes, info };
}
