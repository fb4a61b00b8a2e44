/**
 * The weights of another model as the first of a run: its backbone, and its classifier where that sorts into the same classes.
 */
import { type Classifier, nameOf } from "../../models/index.js";
import { CheckpointError } from "../../util/errors.js";
import { type ClassCheck, compareClasses, type NamedClasses } from "./class-names.js";
import type { ModelInfo } from "./model-file.js";
import { loadModel } from "./run-weights.js";

type Classes = NamedClasses & { readonly count: number };

/** Throws CheckpointError for weights that are no training form of the model that is to be trained. */
export function expectFitting(
  path: string,
  info: ModelInfo,
  { model, inChannels = 3 }: { readonly model: string; readonly inChannels?: number },
): void {
  if (info.model !== model)
    throw new CheckpointError(
      `--init ${path}: holds ${info.model}, expected ${model}, which is to be trained`,
      `--model ${info.model} trains that one`,
    );
  if (info.form === "deploy")
    throw new CheckpointError(
      `--init ${path}: holds the folded (deploy) form of ${info.model}, expected its training form`,
      "its branches cannot be had back: take what it was folded from, such as model.safetensors of the same run",
    );
  const { inChannels: own = 3 } = info;
  if (own !== inChannels)
    throw new CheckpointError(`--init ${path}: takes images of ${own} channels, expected ${inChannels}`);
}

/** Whether the classifier stays, and what is worth a line about that. */
function judgeHead(
  file: Classes,
  data: Classes,
  { allow }: ClassCheck,
): { readonly isKept: boolean; readonly line: string } {
  if (file.count !== data.count) return { isKept: false, line: `new head: ${file.count} → ${data.count} classes` };
  try {
    const line = compareClasses(file, data, { allow });
    return { isKept: true, line: line === null ? `head kept: the same ${data.count} classes` : `head kept: ${line}` };
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    return {
      isKept: false,
      line: `new head: ${data.count} classes of other names (${error.summary.replace(/^other classes: /, "")}); --allow-other-classes keeps the old one`,
    };
  }
}

/**
 * Copies the weights that `path` names, a file or the folder of a run, into `model`; a classifier for other classes is left
 * out, and the model's own stays as it was initialised. Tells what became of it. Throws CheckpointError for another model, a
 * deploy form and a damaged file, StateDictError for entries that do not fit.
 */
export async function loadFirstWeights(
  model: Classifier,
  path: string,
  data: Classes,
  check: ClassCheck,
  notice: (text: string) => void,
): Promise<void> {
  const source = await loadModel(path);
  try {
    expectFitting(source.path, source.info, { model: nameOf(model), inChannels: model.inChannels });
    const { numClasses } = source.info;
    const head = judgeHead({ where: source.path, names: source.classes, count: numClasses }, data, check);
    const weights = source.model.stateDict();
    if (!head.isKept) {
      const own = model.stateDict();
      for (const name of ["weight", "bias"].map((leaf) => `${model.classifierName}.${leaf}`))
        weights.set(name, own.get(name)!);
    }
    model.loadStateDict(weights);
    notice(`weights from ${source.path}`);
    notice(head.line);
  } finally {
    source.model.dispose();
  }
}
