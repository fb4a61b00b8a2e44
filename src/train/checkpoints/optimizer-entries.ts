/**
 * An optimiser's state as entries of a file, and back: its slots in PyTorch's layouts, its counts as one more slot of 64-bit
 * scalars.
 */
import { fromFileEntries, type StoredTensor, toFileEntries } from "../../models/files/index.js";
import type { Module } from "../../nn/module.js";
import type { OptimizerState } from "../../optim/index.js";
import type { Entries } from "./checkpoint-entries.js";

/** Slot, then parameter. */
export type OptimizerEntries = ReadonlyMap<string, Entries>;

/** What torch.optim calls the counts. */
const COUNTS = "step";

const storedCount = (count: number): StoredTensor => ({ shape: [], values: Int32Array.of(count), code: "I64" });

/** The entries of the slots that hold anything. */
export async function toOptimizerEntries(
  model: Module<unknown>,
  { slots, steps }: OptimizerState,
): Promise<OptimizerEntries> {
  const entries = new Map<string, Entries>();
  for (const [slot, tensors] of slots) if (tensors.size > 0) entries.set(slot, await toFileEntries(model, tensors));
  if (steps.size > 0) entries.set(COUNTS, new Map([...steps].map(([name, count]) => [name, storedCount(count)])));
  return entries;
}

/** Tensors in the engine's layouts, freed with the scope they are made in. */
export function fromOptimizerEntries(model: Module<unknown>, entries: OptimizerEntries): OptimizerState {
  const slots = [...entries].filter(([slot]) => slot !== COUNTS);
  const counts = [...(entries.get(COUNTS) ?? [])];
  return {
    slots: new Map(slots.map(([slot, own]) => [slot, fromFileEntries(model, own)])),
    steps: new Map(counts.map(([name, { values }]) => [name, Number(values[0])])),
  };
}

/** How many parameters have a state. */
export const startedParameters = (entries: OptimizerEntries): number =>
  new Set([...entries.values()].flatMap((own) => [...own.keys()])).size;
