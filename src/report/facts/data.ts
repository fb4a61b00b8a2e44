/** The pictures that a run learned from, as they lie there now. */
import { type DataSource, type Dataset, type DatasetOptions, openDataset } from "../../data/sets/dataset.js";
import { TensoroneError } from "../../util/errors.js";
import { type DataFacts, type Found, missing, type SplitFacts } from "./run-facts.js";

const wordsOf = (error: unknown): string => (error instanceof TensoroneError ? error.summary : String(error));

/** A split, or why it cannot be opened. */
export function openSplit(root: DataSource, split: string, options: DatasetOptions = {}): Found<Dataset> {
  try {
    return { value: openDataset(root, split, options) };
  } catch (error) {
    return missing(wordsOf(error));
  }
}

export function splitFacts({ split, samples, classes, length }: Dataset): SplitFacts {
  const counts = new Array<number>(classes.length).fill(0);
  for (const { label } of samples) counts[label]!++;
  return { split, images: length, counts };
}

/** Both splits; a run without validation may have one alone. */
export function dataFacts(roots: DataSource, splits: readonly Found<Dataset>[]): Found<DataFacts> {
  const root = [roots].flat().join(", ");
  const found = splits.flatMap((one) => ("value" in one ? [one.value] : []));
  const [first] = found;
  if (!first) {
    const reasons = splits.flatMap((one) => ("missing" in one ? [one.missing] : []));
    return missing(`The pictures are not where the run found them: ${reasons[0] ?? root}.`);
  }
  return { value: { root, classes: first.classes, splits: found.map(splitFacts) } };
}
