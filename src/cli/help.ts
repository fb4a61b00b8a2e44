/**
 * The help texts, made from the tables: what an option table does not say cannot be said here. Lines fit the given width, and
 * no word is broken.
 */

import type { Command, Positionals } from "./command.js";
import { flagOf, type Option } from "./options.js";

/** A second column narrower than this reads badly: its text goes below the first column. */
const LEAST_SECOND_COLUMN = 32;
const GAP = 2;
const INDENT = 2;
const DEEP_INDENT = 6;

/** A command as its help sees it: nothing is run. */
export type Described = Pick<Command, "name" | "summary" | "positionals" | "options" | "examples" | "exits"> & {
  readonly groups?: readonly { readonly title: string; readonly options: readonly string[] }[];
};

/** How a command is called, its options, and examples that work. */
export function commandHelp(command: Described, width: number): string {
  const { positionals, groups = [], exits = [] } = command;
  const rows = Object.entries(command.options).map(([name, option]) => ({
    name,
    row: [written(name, option), described(option)] as const,
  }));
  const columns = new TwoColumns(
    rows.map(({ row }) => row),
    width,
  );
  const linesOf = (isShown: (name: string) => boolean) =>
    rows.filter(({ name }) => isShown(name)).flatMap(({ row }) => columns.lines(row));
  const usage = ["tensorone", command.name, ...words(positionals), "[options]"].join(" ");
  return [
    ...wrap(`${command.summary}.`, width),
    "",
    ...wrap(`usage: ${usage}`, width, DEEP_INDENT),
    "",
    "options:",
    ...linesOf((name) => !groups.some(({ options }) => options.includes(name))),
    ...groups.flatMap(({ title, options }) => [
      "",
      ...wrap(`${title}:`, width),
      ...linesOf((name) => options.includes(name)),
    ]),
    ...(exits.length > 0 ? ["", "exit codes:", ...wordedRows(exits, width)] : []),
    "",
    "examples:",
    ...command.examples.flatMap((example) => commandLines(example, width)),
  ].join("\n");
}

/** The list of commands. */
export function overallHelp(commands: readonly Command[], version: string, width: number): string {
  const rows = commands.map(({ name, summary }) => [name, lowerFirst(summary)] as const);
  return [
    ...wrap(`tensorone ${version}: a tensor engine in TypeScript, and MobileOne trained on it.`, width),
    "",
    "usage: tensorone COMMAND [options]",
    "",
    "commands:",
    ...wordedRows(rows, width),
    "",
    "examples:",
    ...commands.flatMap(({ examples }) => commandLines(examples[0]!, width)),
    "",
    ...wrap("tensorone COMMAND --help tells more; --version prints the version. DEBUG=tensorone shows stacks.", width),
  ].join("\n");
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

function words({ names, isRepeated = false, isOptional = false }: Positionals = { names: [] }): readonly string[] {
  const repeated = isRepeated ? [...names, "…"] : names;
  return isOptional ? [`[${repeated.join(" ")}]`] : repeated;
}

function written(name: string, { form, placeholder }: Option<unknown>): string {
  const value = { flag: "", value: ` ${placeholder}`, optional: ` [${placeholder}]` }[form];
  return flagOf(name) + value;
}

function described({ help, fallback, form }: Option<unknown>): string {
  const isShown = form === "value" && (typeof fallback === "string" || typeof fallback === "number");
  return isShown ? `${help} (default ${String(fallback)})` : help;
}

type Row = readonly [first: string, second: string];

/** Names with what they mean. */
export function wordedRows(rows: readonly Row[], width: number): string[] {
  const columns = new TwoColumns(rows, width);
  return rows.flatMap((row) => columns.lines(row));
}

/** Rows side by side, or each with its second cell below its first where that would leave too little room. */
class TwoColumns {
  readonly #width: number;
  readonly #secondAt: number;
  readonly #isStacked: boolean;

  constructor(rows: readonly Row[], width: number) {
    this.#width = width;
    this.#secondAt = INDENT + Math.max(...rows.map(([first]) => first.length)) + GAP;
    this.#isStacked = width - this.#secondAt < LEAST_SECOND_COLUMN;
  }

  lines([first, second]: Row): string[] {
    const at = this.#isStacked ? DEEP_INDENT : this.#secondAt;
    const text = wrap(second, this.#width - at);
    if (this.#isStacked)
      return [" ".repeat(INDENT) + first, ...text.map((line) => (line === "" ? "" : " ".repeat(at) + line))];
    return text.map((line, i) => `${" ".repeat(INDENT)}${(i === 0 ? first : "").padEnd(at - INDENT)}${line}`);
  }
}

/** A command that can be pasted, over several lines where it has to be. */
function commandLines(example: string, width: number): string[] {
  const room = width - INDENT;
  const whole = `tensorone ${example}`;
  if (whole.length <= room) return [" ".repeat(INDENT) + whole];
  const lines = wrap(whole, room - " \\".length, INDENT);
  return lines.map((line, i) => " ".repeat(INDENT) + line + (i < lines.length - 1 ? " \\" : ""));
}

/** Lines of at most `width`, but for longer words; all but the first begin with `hanging` spaces. */
export function wrap(text: string, width: number, hanging = 0): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last === undefined) lines.push(word);
    else if (last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(" ".repeat(hanging) + word);
  }
  return lines;
}
