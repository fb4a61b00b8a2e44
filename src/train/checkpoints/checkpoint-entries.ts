/**
 * The three kinds of tensors in the one file of a checkpoint: averaged weights under plain names, so that the file loads
 * wherever a model does, raw weights and momentum behind prefixes that no module is called.
 */
import type { StoredTensor } from "../../models/files/index.js";

export type Entries = ReadonlyMap<string, StoredTensor>;

/** Each under the names of the model's own entries. */
export interface TrainingEntries {
  readonly averages: Entries;
  readonly raw: Entries;
  /** Of the parameters that have moved. */
  readonly momentum: Entries;
}

const prefixes = { raw: "raw.", momentum: "momentum." } as const;

/** Whether an entry is a weight of the model, the averaged one where the file has both. */
const isWeight = (name: string): boolean => Object.values(prefixes).every((prefix) => !name.startsWith(prefix));

/** All of them as errors call them, the weights first: averages and momentum follow them. */
export function* namedEntries({ raw, averages, momentum }: TrainingEntries): Iterable<[string, StoredTensor]> {
  yield* raw;
  for (const [name, entry] of averages) yield [`average of ${name}`, entry];
  for (const [name, entry] of momentum) yield [`momentum of ${name}`, entry];
}

/** As they stand in the file. */
export function joinEntries({ averages, raw, momentum }: TrainingEntries): Map<string, StoredTensor> {
  const behind = (prefix: string, entries: Entries) =>
    [...entries].map(([name, entry]) => [`${prefix}${name}`, entry] as const);
  return new Map([...averages, ...behind(prefixes.raw, raw), ...behind(prefixes.momentum, momentum)]);
}

/** The other way round. */
export function splitEntries(entries: Entries): TrainingEntries {
  const under = (prefix: string): Entries =>
    new Map(
      [...entries].flatMap(([name, entry]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), entry]] : [])),
    );
  const averages = new Map([...entries].filter(([name]) => isWeight(name)));
  return { averages, raw: under(prefixes.raw), momentum: under(prefixes.momentum) };
}
