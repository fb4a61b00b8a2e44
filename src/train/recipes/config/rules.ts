/**
 * What a field of a recipe may be, as data: the check of configs, the JSON Schema and the reference table are read from it.
 * The types hold a table to its interface: a field that is missing, or a rule that allows too little or too much, does not compile.
 */

interface NumberRule {
  readonly kind: "number";
  readonly isWhole?: boolean;
  readonly min?: number;
  /** Excluded. */
  readonly above?: number;
  readonly max?: number;
  /** Excluded. */
  readonly below?: number;
}

/** What a value may be. */
export type Rule =
  | NumberRule
  | { readonly kind: "text" }
  | { readonly kind: "flag" }
  | { readonly kind: "null" }
  | { readonly kind: "choice"; readonly names: readonly string[] }
  | { readonly kind: "either"; readonly rules: readonly Rule[] }
  | { readonly kind: "list"; readonly of: Rule; readonly length?: number }
  /** Values by names that are anybody's, such as classes. */
  | { readonly kind: "map"; readonly of: Rule }
  | { readonly kind: "object"; readonly fields: Fields }
  /** An object whose field `tag` says which fields it has. */
  | {
      readonly kind: "tagged";
      readonly tag: string;
      readonly rows: { readonly [name: string]: Fields };
    }
  /** An object that has one of several fields, and with it the others of that row. */
  | { readonly kind: "keyed"; readonly rows: { readonly [key: string]: Fields } };

/** One field: what it may be, what it means, and what holds where it is absent, if it may be. */
export interface Field {
  readonly rule: Rule;
  readonly doc: string;
  readonly absent?: string;
}
export type Fields = { readonly [name: string]: Field };

/** A rule for exactly the values of T. */
export type RuleOf<T> = Rule & { readonly holds?: (value: T) => T };

type FieldOf<T, K extends keyof T> = {
  readonly rule: RuleOf<Exclude<T[K], undefined>>;
  readonly doc: string;
} & (Record<never, never> extends Pick<T, K> ? { readonly absent: string } : { readonly absent?: never });

/** A row for each field of T, absent ones with what holds then. */
export type FieldsOf<T> = { readonly [K in keyof T]-?: FieldOf<T, K> };

type Range = Omit<NumberRule, "kind" | "isWhole">;

export const number = (range: Range = {}): RuleOf<number> => ({ kind: "number", ...range });
export const whole = (range: Range = { min: 1 }): RuleOf<number> => ({ kind: "number", isWhole: true, ...range });
/** From 0 to 1. */
export const share = (): RuleOf<number> => number({ min: 0, max: 1 });
export const text = (): RuleOf<string> => ({ kind: "text" });
export const flag = (): RuleOf<boolean> => ({ kind: "flag" });
export const choice = <const L extends readonly string[]>(names: L): RuleOf<L[number]> => ({ kind: "choice", names });
/** Names that the interface calls a text: those there are now. */
export const known = (names: readonly string[]): RuleOf<string> => ({ kind: "choice", names });
export const orNull = <T>(rule: RuleOf<T>): RuleOf<T | null> => ({ kind: "either", rules: [rule, { kind: "null" }] });
export const either = <A, B>(a: RuleOf<A>, b: RuleOf<B>): RuleOf<A | B> => ({ kind: "either", rules: [a, b] });
export const list = <T>(of: RuleOf<T>): RuleOf<readonly T[]> => ({ kind: "list", of });
export const pair = <T>(of: RuleOf<T>): RuleOf<readonly [T, T]> => ({ kind: "list", of, length: 2 });
export const triple = <T>(of: RuleOf<T>): RuleOf<readonly [T, T, T]> => ({ kind: "list", of, length: 3 });
export const map = <T>(of: RuleOf<T>): RuleOf<{ readonly [name: string]: T }> => ({ kind: "map", of });
export const object = <T>(fields: FieldsOf<T>): RuleOf<T> => ({ kind: "object", fields: fields as unknown as Fields });

type Tagged<T, Tag extends keyof T, Name> = Extract<T, { readonly [K in Tag]: Name }>;

/** One of several objects, told apart by the name in the field `tag`. */
export const tagged = <T extends { readonly [K in Tag]: string }, Tag extends keyof T & string>(
  tag: Tag,
  rows: { readonly [N in T[Tag]]: FieldsOf<Omit<Tagged<T, Tag, N>, Tag>> },
): RuleOf<T> => ({ kind: "tagged", tag, rows }) as unknown as RuleOf<T>;

type KeysOf<T> = T extends unknown ? keyof T : never;

/** One of several objects, told apart by a field that each of them has alone. */
export const keyed = <T>(rows: { readonly [K in KeysOf<T>]?: FieldsOf<Extract<T, { readonly [P in K]: unknown }>> }) =>
  ({ kind: "keyed", rows: rows as unknown as { readonly [key: string]: Fields } }) as RuleOf<T>;
