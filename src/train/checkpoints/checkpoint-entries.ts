/**
 * The three kinds of tensors in the one file of a checkpoint: averaged weights under plain names, so that the file loads
 * wherever a model does, raw weights and the optimiser's slots behind prefixes that no module is called.
 */
import type { StoredTensor } from "../../models/files/index.js";

export type Entries = ReadonlyMap<string, StoredTensor>;

/** Each under the names of the model's own entries. */
export interface TrainingEntries {
  readonly averages: Entries;
  readonly raw: Entries;
  /** Slot, then the parameters that have moved. */
  readonly optimizer: ReadonlyMap<string, Entries>;
}

const RAW = "raw.";
const OPTIMIZER = "optimizer.";
/** Of files from before there was more than one optimiser: SGD's one slot. */
const MOMENTUM = { prefix: "momentum.", slot: "momentumBuffer" } as const;

/** Whether an entry is a weight of the model, the averaged one where the file has both. */
const isWeight = (name: string): boolean =>
  [RAW, OPTIMIZER, MOMENTUM.prefix].every((prefix) => !name.startsWith(prefix));

/** All of them as errors call them, the weights first: averages and optimiser follow them. */
export function* namedEntries({ raw, averages, optimizer }: TrainingEntries): Iterable<[string, StoredTensor]> {
  yield* raw;
  for (const [name, entry] of averages) yield [`average of ${name}`, entry];
  for (const [slot, entries] of optimizer) for (const [name, entry] of entries) yield [`${slot} of ${name}`, entry];
}

const behind = (prefix: string, entries: Entries): Entries =>
  new Map([...entries].map(([name, entry]) => [`${prefix}${name}`, entry]));

/** As they stand in the file: optimizer.SLOT.NAME for a slot. */
export function joinEntries({ averages, raw, optimizer }: TrainingEntries): Map<string, StoredTensor> {
  const slots = [...optimizer].flatMap(([slot, entries]) => [...behind(`${OPTIMIZER}${slot}.`, entries)]);
  return new Map([...averages, ...behind(RAW, raw), ...slots]);
}

/** The other way round. */
export function splitEntries(entries: Entries): TrainingEntries {
  const averages = new Map<string, StoredTensor>();
  const raw = new Map<string, StoredTensor>();
  const optimizer = new Map<string, Map<string, StoredTensor>>();
  const add = (slot: string, name: string, entry: StoredTensor): void => {
    const own = optimizer.get(slot) ?? new Map<string, StoredTensor>();
    optimizer.set(slot, own.set(name, entry));
  };
  for (const [name, entry] of entries)
    if (isWeight(name)) averages.set(name, entry);
    else if (name.startsWith(RAW)) raw.set(name.slice(RAW.length), entry);
    else if (name.startsWith(MOMENTUM.prefix)) add(MOMENTUM.slot, name.slice(MOMENTUM.prefix.length), entry);
    else {
      const rest = name.slice(OPTIMIZER.length);
      const dot = rest.indexOf(".");
      add(rest.slice(0, dot), rest.slice(dot + 1), entry);
    }
  return { averages, raw, optimizer };
}
