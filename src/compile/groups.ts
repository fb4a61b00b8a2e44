/**
 * Which neighbouring instructions may run side by side: those that share no value that one of them writes. The hundreds of
 * small updates of an optimiser become one group, and cost one barrier.
 */
import type { Group, Instruction } from "../ops/program.js";

/** Larger groups would gain nothing and keep more values alive at once. */
const MAX_GROUP = 1024;

/** Splits a program into groups, in order, each as long as it can be. */
export function independentGroups(instructions: readonly Instruction[]): Group[] {
  const groups: Group[] = [];
  let from = 0;
  let read = new Set<number>();
  let written = new Set<number>();
  instructions.forEach(({ inputs, outputs }, at) => {
    const isFree =
      at - from < MAX_GROUP &&
      inputs.every(({ value }) => !written.has(value)) &&
      outputs.every(({ value }) => !written.has(value) && !read.has(value));
    if (!isFree) {
      groups.push({ from, to: at });
      from = at;
      read = new Set();
      written = new Set();
    }
    for (const { value } of inputs) read.add(value);
    for (const { value } of outputs) written.add(value);
  });
  if (from < instructions.length) groups.push({ from, to: instructions.length });
  return groups;
}
