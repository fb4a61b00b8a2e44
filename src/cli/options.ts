/**
 * What an option is: a typed row of a command's table. Its name is the key of the row (maxSteps is --max-steps), its
 * reader turns text into a value or throws a UsageError that holds what came and what was expected.
 */

import { UsageError } from "../util/errors.js";
import { formatRate } from "../util/format.js";
import { nearestName } from "../util/nearest.js";

/** One row: how the option is written, what it means, and its value when it is not given. */
export interface Option<T> {
  /** flag: no value; value: one; optional: with or without (--resume [FILE]). */
  readonly form: "flag" | "value" | "optional";
  /** What stands for the value in the help: N, DIR. */
  readonly placeholder: string;
  readonly help: string;
  /** What a value has to be, for errors: "a whole number of at least 1". */
  readonly expected: string;
  /** A value that would do; none where any text would. */
  readonly example?: string;
  readonly fallback: T;
  /** Value of a flag, or of an optional without a value. */
  readonly bare?: T;
  /** `where` is the option as the user wrote it, for errors. */
  readonly read: (text: string, where: string) => T;
  /** What two values on one line make together; without it the last counts. */
  join?(before: T, next: T): T;
}

/** The options of a command by camelCase name. */
export type OptionTable = { readonly [name: string]: Option<unknown> };
/** What parsing a table gives. */
export type Values<O extends OptionTable> = { readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never };

interface Spec<D> {
  readonly help: string;
  readonly placeholder?: string;
  readonly default?: D;
}
/** Where no default says what is usual. */
const EXAMPLE_NUMBER = 10;

interface Range {
  readonly min?: number;
  readonly max?: number;
}

/** "maxSteps" -> "--max-steps". */
export function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** --name: false unless given. */
export function flag(spec: { readonly help: string }): Option<boolean> {
  return {
    form: "flag",
    placeholder: "",
    help: spec.help,
    expected: "no value",
    fallback: false,
    bare: true,
    read: () => true,
  };
}

/** What the placeholders of texts stand for. */
const kinds = {
  FILE: "a file",
  DIR: "a folder",
  NAME: "a name",
  HOST: "a host name or address",
  "FIELD=VALUE": "a field of the recipe and its value",
  SIZES: "sizes such as 32x56x56x64",
  TEXT: "a text",
} as const;
type Kind = keyof typeof kinds;

/** Any text that is not empty, by default just that: a path, a name. A file may have an ending: "FILE.svg". */
export function text<D extends string | undefined = undefined>(
  spec: Omit<Spec<D>, "placeholder"> & {
    readonly placeholder?: Kind | `FILE.${string}`;
    readonly expected?: string;
  },
): Option<string | D> {
  const { placeholder = "TEXT" } = spec;
  const [kind = "TEXT", ending] = placeholder.split(".");
  const plain = `${kinds[kind as Kind]}${ending === undefined ? "" : ` that ends in .${ending}`}`;
  const { expected = plain } = spec;
  return {
    form: "value",
    placeholder,
    help: spec.help,
    expected,
    fallback: spec.default as D,
    read: (value, where) => {
      if (value === "") throw new UsageError(`${where}: an empty value, expected ${expected}`);
      return value;
    },
  };
}

/** As text, and may be given several times: then all of them, in order. */
export function textOrTexts(
  spec: Omit<Spec<undefined>, "default" | "placeholder"> & { readonly placeholder: Kind },
): Option<string | readonly string[] | undefined> {
  const asList = (value: string | readonly string[] | undefined): readonly string[] =>
    value === undefined ? [] : typeof value === "string" ? [value] : value;
  return { ...text(spec), join: (before, next) => [...asList(before), ...asList(next)] };
}

/** An option that may be given several times: its values in that order, none where it is not given. */
export function repeated<T>(option: Option<T>): Option<readonly Exclude<T, undefined>[]> {
  type One = Exclude<T, undefined>;
  const { form, placeholder, help, expected, example } = option;
  return {
    form,
    placeholder,
    help,
    expected,
    ...(example !== undefined && { example }),
    fallback: [],
    read: (value, where) => [option.read(value, where) as One],
    join: (before, next) => [...before, ...next],
  };
}

/** A file that may be left out: true where the option stands alone. */
export function optionalFile(spec: { readonly help: string }): Option<string | true | undefined> {
  return {
    form: "optional",
    placeholder: "FILE",
    help: spec.help,
    expected: "a file or nothing",
    fallback: undefined,
    bare: true,
    read: (value, where) => {
      if (value === "") throw new UsageError(`${where}: an empty value, expected a file or nothing`);
      return value;
    },
  };
}

/** A whole number, at least 1 unless `min` says otherwise. */
export function integer<D extends number | undefined = undefined>(spec: Spec<D> & Range): Option<number | D> {
  const { min = 1, max = Number.MAX_SAFE_INTEGER } = spec;
  const expected =
    max === Number.MAX_SAFE_INTEGER ? `a whole number of at least ${min}` : `a whole number from ${min} to ${max}`;
  return {
    form: "value",
    placeholder: spec.placeholder ?? "N",
    help: spec.help,
    expected,
    example: String(spec.default ?? Math.min(max, Math.max(min, EXAMPLE_NUMBER))),
    fallback: spec.default as D,
    read: (value, where) => {
      const number = /^[+-]?\d+$/.test(value) ? Number(value) : Number.NaN;
      if (!Number.isSafeInteger(number) || number < min || number > max)
        throw new UsageError(`${where}: ${value || "an empty value"}, expected ${expected}`);
      return number;
    },
  };
}

/** A number such as a learning rate or a share: above 0, or from 0 on, and at most `max`. */
export function number<D extends number | undefined = undefined>(
  spec: Spec<D> & { readonly max?: number; readonly fromZero?: boolean; readonly example?: number },
): Option<number | D> {
  const { max = Number.POSITIVE_INFINITY, fromZero = false, example = 0.1 } = spec;
  const least = fromZero ? "a number of at least 0" : "a number above 0";
  const expected = `${least}${max < Number.POSITIVE_INFINITY ? ` and at most ${max}` : ""} such as ${formatRate(example)}`;
  return {
    form: "value",
    placeholder: spec.placeholder ?? "X",
    help: spec.help,
    expected,
    example: formatRate(spec.default ?? example),
    fallback: spec.default as D,
    read: (value, where) => {
      const number = value.trim() === "" ? Number.NaN : Number(value);
      if (!Number.isFinite(number) || number < 0 || (number === 0 && !fromZero) || number > max)
        throw new UsageError(`${where}: ${value || "an empty value"}, expected ${expected}`);
      return number;
    },
  };
}

/** Numbers of at least 0, between commas: "30,60,80"; rising unless `isRising` is false. */
export function numberList(spec: {
  readonly help: string;
  readonly isRising?: boolean;
  readonly example?: string;
}): Option<readonly number[] | undefined> {
  const { isRising = true, example = "30,60,80" } = spec;
  const expected = `a list of ${isRising ? "rising numbers" : "numbers"} such as ${example}`;
  return {
    form: "value",
    placeholder: "N,N,…",
    help: spec.help,
    expected,
    example,
    fallback: undefined,
    read: (value, where) => {
      const numbers = value.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
      const leastAt = (i: number): number => (isRising && i > 0 ? numbers[i - 1]! : 0);
      if (!numbers.every((n, i) => n >= leastAt(i) && Number.isFinite(n)))
        throw new UsageError(`${where}: ${value || "an empty value"}, expected ${expected}`);
      return numbers;
    },
  };
}

/** A positive number such as a learning rate. */
export const positive = <D extends number | undefined = undefined>(spec: Spec<D>): Option<number | D> => number(spec);

/** One of a few names. */
export function choice<N extends string>(names: readonly N[], spec: Spec<N> & { readonly default: N }): Option<N> {
  const expected = `one of ${names.join(", ")}`;
  return {
    form: "value",
    placeholder: spec.placeholder ?? "NAME",
    help: `${spec.help}: ${names.join(", ")}`,
    expected,
    example: spec.default,
    fallback: spec.default,
    read: (value, where) => {
      const found = names.find((name) => name === value);
      if (found !== undefined) return found;
      const nearest = nearestName(value, names);
      throw new UsageError(
        `${where}: ${value || "an empty value"}, expected ${expected}`,
        nearest === undefined ? undefined : `did you mean ${nearest}?`,
      );
    },
  };
}

/** One of a few names, or nothing. */
export function optionalChoice<N extends string>(
  names: readonly N[],
  spec: Omit<Spec<N>, "default">,
): Option<N | undefined> {
  return { ...choice(names, { ...spec, default: names[0]! }), fallback: undefined };
}
