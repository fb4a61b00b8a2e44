/** Pictures that a command could not use: each is named as it comes, the end counts them and is an error's. */
import type { DataError } from "../../util/errors.js";
import { formatInteger } from "../../util/format.js";
import { printable } from "../../util/printable.js";
import type { Terminal } from "../../util/terminal.js";

/** What was passed over so far. */
export class PassedOver {
  readonly #terminal: Pick<Terminal, "print">;
  readonly #failed: { readonly image: string; readonly error: string }[] = [];

  /** `terminal` is where people are told. */
  constructor(terminal: Pick<Terminal, "print">) {
    this.#terminal = terminal;
  }

  add(image: string, problem: DataError): void {
    this.#failed.push({ image, error: problem.summary });
    this.#terminal.print(`passed over ${printable(problem.summary)}`);
  }

  /** For --json. */
  get failed(): readonly { readonly image: string; readonly error: string }[] {
    return this.#failed;
  }

  /** 1 where something was passed over, which is told once more, with the `count` of those that were not. */
  finish(count: number): 0 | 1 {
    const failed = this.#failed.length;
    if (failed === 0) return 0;
    this.#terminal.print(`${formatInteger(failed)} of ${formatInteger(failed + count)} pictures passed over`);
    return 1;
  }
}
