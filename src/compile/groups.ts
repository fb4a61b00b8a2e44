/**
 * Which neighbouring instructions may run side by side: those of which none touches numbers that another one writes. The
 * hundreds of small updates of an optimiser become one group, and cost one barrier; so do copies into parts of one value.
 */
import type { Group, Instruction } from "../ops/program.js";
import { Touched } from "./touched.js";

/** Larger groups would gain nothing and keep more values alive at once. */
const MAX_GROUP = 1024;

/** Splits a program into groups, in order, each as long as it can be. */
export function independentGroups(instructions: readonly Instruction[]): Group[] {
  const groups: Group[] = [];
  let from = 0;
  let touched = new Touched();
  instructions.forEach((instruction, at) => {
    // a check that fails ends the run: nothing that comes after it may have begun
    const isFree =
      instruction.kind !== "check" &&
      instructions[at - 1]?.kind !== "check" &&
      at - from < MAX_GROUP &&
      touched.isFree(instruction);
    if (!isFree && at > from) {
      groups.push({ from, to: at });
      from = at;
      touched = new Touched();
    }
    touched.add(instruction);
  });
  if (from < instructions.length) groups.push({ from, to: instructions.length });
  return groups;
}
