/** Elements of values that instructions read and write: what may run side by side, or change places, is decided by them. */
import type { Instruction, ValueView } from "../ops/program.js";
import { sizeOf } from "../tensor/shape.js";

/** Runs of elements, by value. */
class Runs {
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

/** What some instructions touch. */
export class Touched {
  readonly #read = new Runs();
  readonly #written = new Runs();

  add({ inputs, outputs }: Instruction): void {
    for (const view of inputs) this.#read.add(view);
    for (const view of outputs) this.#written.add(view);
  }

  /** Whether an instruction touches no numbers that those write, and writes none that they read. */
  isFree({ inputs, outputs }: Instruction): boolean {
    return (
      inputs.every((view) => !this.#written.meets(view)) &&
      outputs.every((view) => !this.#written.meets(view) && !this.#read.meets(view))
    );
  }
}
