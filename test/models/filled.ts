/** Models with weights from a formula, as test/golden/families/filled.py fills those of PyTorch. */
import { loadFileEntries, type StoredTensor, toFileEntries } from "../../src/models/files/index.js";
import { type Classifier, createModel } from "../../src/models/index.js";
import { uniform } from "./uniform.js";

/** The script's fill(): every entry by its place in the state dict. */
function fill(name: string, { shape, values }: StoredTensor, seed: number, stream: number): StoredTensor {
  if (name.endsWith("num_batches_tracked")) return { shape, values, code: "I64" };
  const drawn = uniform(seed, stream, values.length);
  const bound = Math.sqrt(3 / (values.length / shape[0]!));
  if (shape.length > 1) return { shape, values: drawn.map((value) => value * bound) };
  if (name.endsWith("running_var")) return { shape, values: drawn.map((value) => 1 + 0.5 * value) };
  if (name.endsWith("weight")) return { shape, values: drawn.map((value) => 1 + 0.2 * value) };
  return { shape, values: drawn.map((value) => 0.1 * value) };
}

/** A model of `classes` with the weights of the scripts in test/golden/families. */
export async function filledModel(
  name: string,
  classes: number,
  seed: number,
  dtype: "float32" | "float64",
): Promise<Classifier> {
  const model = createModel(name, { numClasses: classes, dtype, init: "zeros" });
  const entries = [...(await toFileEntries(model))];
  loadFileEntries(model, new Map(entries.map(([key, entry], i) => [key, fill(key, entry, seed, i)])));
  return model;
}
