/**
 * What a study is: a name, a line about it, a table of options and a body. The runner (run.ts) lists studies, parses their
 * options with the command line's parser and makes their help from the table.
 */
import type { Command, Positionals } from "../src/cli/command.js";
import { flag, type OptionTable, type Values } from "../src/cli/options.js";

/** Takes a line for people. */
export type Tell = (line: string) => void;

export interface Study<O extends OptionTable = OptionTable> {
  /** As its file in bench/studies is called. */
  readonly name: string;
  /** What it measures and where it writes, in one line. */
  readonly help: string;
  readonly words?: Positionals;
  readonly options: O;
  /** What follows `bench` on a line that works; at least one. */
  readonly examples: readonly string[];
  /** An exit code where it is not 0. Throws UsageError before anything is measured. */
  run(values: Values<O>, words: readonly string[], tell: Tell): Promise<number> | Promise<void>;
}

/** The study, with the types of its values taken from its table. */
export const defineStudy = <const O extends OptionTable>(study: Study<O>): Study<O> => study;

/** The study as a row that the command line's parser and help read. */
export const commandOf = ({ name, help, words, options, examples }: Study): Command => {
  const table: OptionTable = { ...options, help: flag({ help: "show this text" }) };
  return {
    name: `bench ${name}`,
    summary: help,
    ...(words && { positionals: words }),
    options: table,
    examples: examples.map((example) => `bench ${example}`),
    run: () => Promise.reject(new Error(`bench ${name} is run by bench/run.ts`)),
  };
};
