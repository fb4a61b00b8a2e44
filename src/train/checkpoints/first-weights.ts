/**
 * The weights of another model as the first of a run.
 */
import type { Module } from "../../nn/module.js";
import { CheckpointError } from "../../util/errors.js";
import { type ClassCheck, compareClasses, type NamedClasses } from "./class-names.js";
import { loadModelFile } from "./model-file.js";

/**
 * Copies the weights in `path` into `model`. Throws CheckpointError for another number of classes, or other names unless
 * `allow`; StateDictError for another network.
 */
export async function loadFirstWeights(
  model: Module<unknown>,
  path: string,
  data: NamedClasses & { readonly count: number },
  check: ClassCheck,
  notice: (text: string) => void,
): Promise<void> {
  const source = await loadModelFile(path);
  try {
    const { numClasses } = source.info;
    if (numClasses !== data.count)
      throw new CheckpointError(
        `--init ${path}: do not fit, trained on ${numClasses} classes, ${data.where} has ${data.count}`,
        `a data set of ${numClasses} classes, or a model file of ${data.count}`,
      );
    const line = compareClasses({ where: path, names: source.classes, count: numClasses }, data, check);
    if (line !== null) notice(line);
    model.loadStateDict(source.model.stateDict());
  } finally {
    source.model.dispose();
  }
  notice(`weights from ${path}`);
}
