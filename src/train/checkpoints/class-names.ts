/**
 * Whether a model and a data set mean the same by their labels. Equal counts are not enough: with the names in another
 * order every figure is wrong, and looks like one of a bad model.
 */
import { CheckpointError } from "../../util/errors.js";
import { imagenetNames, imagenetSynsets } from "./imagenet-names.js";

/** Class names in the order of the logits, and who has them, for errors. */
export interface NamedClasses {
  readonly where: string;
  /** null where nothing says. */
  readonly names: readonly string[] | null;
}

/** WordNet's number of a class, which ImageNet's folders are called by; model files of others name it in words. */
const SYNSET = /^n\d{8}$/;

const areSynsets = (names: readonly string[]): boolean => names.every((name) => SYNSET.test(name));

export interface ClassCheck {
  /** Go on where the names differ. */
  readonly allow: boolean;
}

/**
 * Compares the classes of `model` with those of `data`, and returns what is worth a line, null where they are the same.
 * Throws CheckpointError for another number of classes, and for other names unless `allow`, naming the first difference.
 */
export function compareClasses(
  model: NamedClasses & { readonly count: number },
  data: NamedClasses & { readonly count: number },
  { allow }: ClassCheck,
): string | null {
  if (model.count !== data.count)
    throw new CheckpointError(
      `${model.where}: has ${model.count} classes, ${data.where} has ${data.count}`,
      `expected a model of ${data.count} classes, or a data set of ${model.count}`,
    );
  const unnamed = [model, data].find(({ names }) => names === null);
  if (unnamed || model.names === null || data.names === null)
    return `${unnamed!.where} does not name its classes: label 0 is taken for class 0 of the other side, and so on`;
  const [own, others] = [model.names, data.names];
  const at = own.findIndex((name, i) => name !== others[i]);
  if (at < 0) return null;
  if (areSynsets(own) !== areSynsets(others) && [own, others].some(areSynsets))
    return `${model.where} and ${data.where} name their classes in words and by WordNet's numbers: both are taken to be in the order of the numbers`;
  const isPermuted = new Set([...own, ...others]).size === own.length;
  const difference = `class ${at} is ${JSON.stringify(own[at])} in ${model.where} and ${JSON.stringify(others[at])} in ${data.where}${isPermuted ? ", the same names in another order" : ""}`;
  if (allow) return `${difference}: labels are taken as numbers`;
  throw new CheckpointError(
    `other classes: ${difference}`,
    "expected the classes the model was trained on; --allow-other-classes takes the labels as numbers",
  );
}

/**
 * Class names for people. A file of 1,000 classes that names none is taken to be ImageNet's, as those of PyTorch's model zoos
 * are; WordNet's numbers become ImageNet's words where it has them. null where nothing is known.
 */
export function namesInWords(names: readonly string[] | null, count: number): readonly string[] | null {
  if (names === null) return count === imagenetNames.length ? imagenetNames : null;
  if (!areSynsets(names)) return names;
  const words = new Map(imagenetSynsets.map((synset, i) => [synset, imagenetNames[i]!]));
  return names.map((name) => words.get(name) ?? name);
}
