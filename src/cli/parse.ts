/**
 * From the words of a command line to typed values, by the command's table. Everything that does not fit is a UsageError
 * of one line: what came, what was expected, the nearest name that is known.
 */
import { parseArgs } from "node:util";
import { UsageError } from "../util/errors.js";
import { nearestName } from "../util/nearest.js";
import type { Command, Positionals } from "./command.js";
import { flagOf, type Option, type OptionTable, type Values } from "./options.js";

export interface Parsed<O extends OptionTable> {
  readonly values: Values<O>;
  readonly words: readonly string[];
  /** Names of the options that stand on the line, whatever their value. */
  readonly given: ReadonlySet<string>;
}

type Token = ReturnType<typeof tokenize>[number];

/** Splits words into options and positionals; which are known, and take a value, is decided here and by `parse`. */
function tokenize(args: readonly string[], table: OptionTable) {
  const options = Object.fromEntries(
    Object.entries(table).map(([name, { form }]) => [
      flagOf(name).slice(2),
      { type: form === "value" ? ("string" as const) : ("boolean" as const) },
    ]),
  );
  return parseArgs({ args: [...args], options, strict: false, tokens: true }).tokens;
}

/** Parses what follows the command's name. An option given twice counts as the last time, unless it has a way to join both. Throws UsageError. */
export function parse<O extends OptionTable>(command: Command<O>, args: readonly string[]): Parsed<O> {
  const table: OptionTable = command.options;
  const byFlag = new Map(Object.keys(table).map((name) => [flagOf(name), name]));
  const values: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(table)) values[name] = option.fallback;
  const words: string[] = [];
  const given = new Set<string>();
  const tokens = tokenize(args, table);
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i]!;
    if (token.kind === "positional") words.push(token.value);
    if (token.kind !== "option") continue;
    const name = byFlag.get(token.rawName);
    if (name === undefined) throw unknownOption(command.name, token.rawName, [...byFlag.keys()]);
    const option = table[name]!;
    const next = valueAfter(option, tokens, i);
    if (next !== undefined) i++;
    const value = readOption(option, token.value ?? next, `${command.name}: ${token.rawName}`, args[token.index + 1]);
    values[name] = option.join && given.has(name) ? option.join(values[name], value) : value;
    given.add(name);
  }
  checkWords(command.name, command.positionals, words);
  return { values: values as Values<O>, words, given };
}

/** The word after an optional's flag belongs to it. */
function valueAfter(option: Option<unknown>, tokens: readonly Token[], at: number): string | undefined {
  const [token, next] = [tokens[at]!, tokens[at + 1]];
  if (option.form !== "optional" || (token.kind === "option" && token.value !== undefined)) return undefined;
  return next?.kind === "positional" ? next.value : undefined;
}

function readOption(option: Option<unknown>, value: string | undefined, where: string, following?: string): unknown {
  if (option.form === "flag") {
    if (value !== undefined) throw new UsageError(`${where}: the value ${value}, expected none`);
    return option.bare;
  }
  // the lenient parser takes the next flag for a value
  const isFlag = value !== undefined && value === following && /^-[^\d.]/.test(value);
  if (value !== undefined && !isFlag) return option.read(value, where);
  if (option.form === "optional") return option.bare;
  const name = where.slice(where.lastIndexOf("--"));
  const text = isFlag ? `${name}=${value} takes a text that begins so` : undefined;
  throw new UsageError(
    `${where}: no value${isFlag ? ` before ${value}` : ""}, expected ${option.expected}`,
    option.example === undefined ? text : `such as ${name} ${option.example}`,
  );
}

/** "train: unknown option --epoch, the nearest is --epochs". */
export function unknownOption(command: string, given: string, known: readonly string[]): UsageError {
  const nearest = nearestName(
    given.replace(/^-+/, ""),
    known.map((name) => name.slice(2)),
  );
  return new UsageError(
    `${command}: unknown option ${given}${nearest === undefined ? "" : `, the nearest is --${nearest}`}`,
    `tensorone ${command} --help lists the options`,
  );
}

function checkWords(command: string, positionals: Positionals | undefined, words: readonly string[]): void {
  const { names, isRepeated = false, isOptional = false } = positionals ?? { names: [] };
  if (words.length === names.length || (isOptional && words.length === names.length - 1)) return;
  if (isRepeated && words.length > names.length) return;
  const extra = words[names.length];
  if (extra !== undefined)
    throw new UsageError(
      `${command}: unexpected "${extra}", expected ${names.length === 0 ? "only options" : names.join(" ")}`,
      `tensorone ${command} --help shows how it is called`,
    );
  throw new UsageError(
    `${command}: no ${names[words.length]}, expected ${names.join(" ")}${isRepeated ? " …" : ""}`,
    `tensorone ${command} --help shows how it is called`,
  );
}
