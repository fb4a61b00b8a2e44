/**
 * The help texts, made from the tables: what an option table does not say cannot be said here.
 */

import { formatTable } from "../util/format.js";
import type { Command } from "./command.js";
import { flagOf, type Option } from "./options.js";

const lineWidth = 100;

/** How a command is called, its options, and examples that work. */
export function commandHelp(command: Command): string {
  const { names, isRepeated = false } = command.positionals ?? { names: [] };
  const usage = ["tensorone", command.name, ...names, ...(isRepeated ? ["…"] : []), "[options]"].join(" ");
  const rows = Object.entries(command.options).map(([name, option]) => ({
    name,
    flag: written(name, option),
    help: described(option),
  }));
  const indent = Math.max(...rows.map(({ flag }) => flag.length)) + 4;
  const linesOf = (isShown: (name: string) => boolean) =>
    rows
      .filter(({ name }) => isShown(name))
      .flatMap(({ flag, help }) =>
        wrap(help, lineWidth - indent).map((line, i) => `  ${(i === 0 ? flag : "").padEnd(indent - 2)}${line}`),
      );
  const groups: readonly { readonly title: string; readonly options: readonly string[] }[] = command.groups ?? [];
  return [
    `${command.summary}.`,
    "",
    `usage: ${usage}`,
    "",
    "options:",
    ...linesOf((name) => !groups.some(({ options }) => options.includes(name))),
    ...groups.flatMap(({ title, options }) => ["", `${title}:`, ...linesOf((name) => options.includes(name))]),
    "",
    "examples:",
    ...command.examples.map((example) => `  tensorone ${example}`),
  ].join("\n");
}

/** The list of commands. */
export function overallHelp(commands: readonly Command[], version: string): string {
  return [
    `tensorone ${version}: a tensor engine in TypeScript, and MobileOne trained on it.`,
    "",
    "usage: tensorone COMMAND [options]",
    "",
    "commands:",
    ...formatTable(commands.map(({ name, summary }) => [`  ${name}`, lowerFirst(summary)])),
    "",
    "examples:",
    ...commands.map(({ examples }) => `  tensorone ${examples[0]}`),
    "",
    "tensorone COMMAND --help tells more; --version prints the version. DEBUG=tensorone shows stacks.",
  ].join("\n");
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

function written(name: string, { form, placeholder }: Option<unknown>): string {
  const value = { flag: "", value: ` ${placeholder}`, optional: ` [${placeholder}]` }[form];
  return flagOf(name) + value;
}

function described({ help, fallback, form }: Option<unknown>): string {
  return form === "value" && fallback !== undefined ? `${help} (default ${String(fallback)})` : help;
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
