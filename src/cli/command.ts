/**
 * What a command is: a row for the help, a table of options, and a body. The body gets parsed values and, to print with, a
 * CommandContext; it returns the object that --json prints.
 */
import type { Terminal } from "../util/terminal.js";
import type { OptionTable, Values } from "./options.js";

/** The words a command takes besides options. */
export interface Positionals {
  /** As the help shows them, e.g. ["IN", "OUT"]. */
  readonly names: readonly string[];
  /** Whether the last may be repeated. */
  readonly isRepeated?: boolean;
  /** Whether the last may be left out. */
  readonly isOptional?: boolean;
}

/** Where a command speaks. */
export interface CommandContext {
  /** For people; stdout, or stderr under --json. */
  readonly terminal: Terminal;
  /** For people where `terminal` may be read by a program: stderr unless stdout is a screen. */
  readonly aside: Terminal;
  /** How the user calls us here: "npm run tensorone --" in the repository, "npx tensorone" where it is installed. */
  readonly caller: string;
}

/** What a finished command leaves: an object for --json, and an exit code if it is not 0. */
export interface Outcome {
  /** null where the command has spoken for itself. */
  readonly json: { readonly [name: string]: unknown } | null;
  readonly exitCode?: number;
}

export interface Command<O extends OptionTable = OptionTable> {
  readonly name: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  readonly positionals?: Positionals;
  readonly options: O;
  /** Options that the help shows apart from the others, under a title. */
  readonly groups?: readonly { readonly title: string; readonly options: readonly (keyof O & string)[] }[];
  /** Exit codes that need words. */
  readonly exits?: readonly (readonly [code: string, meaning: string])[];
  /** Hands every word on as it came, options too; for a command that starts another program. */
  readonly takesAnything?: boolean;
  /** What follows `tensorone` on a line that works; at least one. */
  readonly examples: readonly string[];
  /** `given` names the options that stood on the line; the others have their fallback. */
  run(
    values: Values<O>,
    words: readonly string[],
    context: CommandContext,
    given: ReadonlySet<string>,
  ): Promise<Outcome>;
}

/** The command, with the types of its values taken from its table. */
export function defineCommand<const O extends OptionTable>(command: Command<O>): Command<O> {
  return command;
}
