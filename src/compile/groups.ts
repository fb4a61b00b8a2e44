/**
 * Which neighbouring instructions may run side by side: those of which none touches numbers that another one writes. The
 * hundreds of small updates of an optimiser become one group, and cost one barrier; so do copies into parts of one value.
 */
import type { Group, Instruction, ValueView } from "../ops/program.js";
import { sizeOf } from "../tensor/shape.js";

/** Larger groups would gain nothing and keep more values alive at once. */
const MAX_GROUP = 1024;

/** Runs of elements, by value. */
class Touched {
  readonly #runs = new Map<number, { readonly from: number; readonly to: number }[]>();

  add({ value, offset, shape }: ValueView): void {
    const runs = this.#runs.get(value);
    const run = { from: offset, to: offset + sizeOf(shape) };
    if (runs) runs.push(run);
    else this.#runs.set(value, [run]);
  }

  meets({ value, offset, shape }: ValueView): boolean {
    const end = offset + sizeOf(shape);
    return this.#runs.get(value)?.some(({ from, to }) => from < end && offset < to) ?? false;
  }
}

/** Splits a program into groups, in order, each as long as it can be. */
export function independentGroups(instructions: readonly Instruction[]): Group[] {
  const groups: Group[] = [];
  let from = 0;
  let read = new Touched();
  let written = new Touched();
  instructions.forEach(({ kind, inputs, outputs }, at) => {
    // a check that fails ends the run: nothing that comes after it may have begun
    const isFree =
      kind !== "check" &&
      instructions[at - 1]?.kind !== "check" &&
      at - from < MAX_GROUP &&
      inputs.every((view) => !written.meets(view)) &&
      outputs.every((view) => !written.meets(view) && !read.meets(view));
    if (!isFree && at > from) {
      groups.push({ from, to: at });
      from = at;
      read = new Touched();
      written = new Touched();
    }
    for (const view of inputs) read.add(view);
    for (const view of outputs) written.add(view);
  });
  if (from < instructions.length) groups.push({ from, to: instructions.length });
  return groups;
}
