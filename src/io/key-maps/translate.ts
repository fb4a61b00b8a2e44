/** Reads a name by one dialect and writes it in another; knows none of the names itself. */
import { type Dialect, dialects, type KeyStyle, keyStyles, type Part } from "./dialects.js";

/** A name, taken apart. */
interface Key {
  /** null for the head; stage 0 is the stem. */
  readonly block: { readonly stage: number; readonly index: number } | null;
  readonly part: Part | null;
  readonly branch: number;
  /** weight, bias, running_mean, … */
  readonly leaf: string;
}

/** "stage{s}.{j}" -> /^stage(?<s>\d+)\.(?<j>\d+)\./ */
const patternOf = (template: string): RegExp =>
  new RegExp(`^${template.replaceAll(".", "\\.").replace(/\{(\w+)\}/g, "(?<$1>\\d+)")}\\.`);

interface Reader {
  readonly stem: RegExp;
  readonly stage: RegExp;
  readonly head: RegExp;
  readonly parts: readonly (readonly [Part, RegExp])[];
}

const readerOf = ({ stem, stage, head, parts }: Dialect): Reader => ({
  stem: patternOf(stem),
  stage: patternOf(stage),
  head: patternOf(head),
  parts: Object.entries(parts).map(([part, template]) => [part as Part, patternOf(template)] as const),
});

const readers = Object.fromEntries(keyStyles.map((style) => [style, readerOf(dialects[style])])) as Readonly<
  Record<KeyStyle, Reader>
>;

function parse(style: KeyStyle, name: string): Key | null {
  const reader = readers[style];
  const head = reader.head.exec(name);
  if (head) return { block: null, part: null, branch: 0, leaf: name.slice(head[0].length) };
  const stem = reader.stem.exec(name);
  const place = stem ?? reader.stage.exec(name);
  if (!place) return null;
  const { s, s0, j } = place.groups ?? {};
  const block = stem
    ? { stage: 0, index: 0 }
    : { stage: s === undefined ? Number(s0) + 1 : Number(s), index: Number(j) };
  const rest = name.slice(place[0].length);
  for (const [part, pattern] of reader.parts) {
    const found = pattern.exec(rest);
    if (found) return { block, part, branch: Number(found.groups?.i ?? 0), leaf: rest.slice(found[0].length) };
  }
  return null;
}

function format(style: KeyStyle, { block, part, branch, leaf }: Key): string {
  const { stem, stage, head, parts } = dialects[style];
  if (!block || !part) return `${head}.${leaf}`;
  const filled = `${block.stage === 0 ? stem : stage}.${parts[part]}.${leaf}`;
  const numbers: Readonly<Record<string, number>> = { s: block.stage, s0: block.stage - 1, j: block.index, i: branch };
  return filled.replace(/\{(\w+)\}/g, (_, name: string) => String(numbers[name]));
}

/** A name of `from` as `to` has it; names that `from` does not have stay as they are. */
export function renameKey(name: string, from: KeyStyle, to: KeyStyle): string {
  const key = from === to ? null : parse(from, name);
  return key ? format(to, key) : name;
}

/** Entries under the names of another dialect, in their order. */
export const renameKeys = <T>(entries: ReadonlyMap<string, T>, from: KeyStyle, to: KeyStyle): Map<string, T> =>
  new Map([...entries].map(([name, entry]) => [renameKey(name, from, to), entry]));

/** The dialect that knows most of the names, by their blocks: heads alone say nothing. Null where none knows any. */
export function recognizeKeys(names: Iterable<string>): KeyStyle | null {
  const all = [...names];
  const known = (style: KeyStyle): number => all.filter((name) => parse(style, name)?.block).length;
  const ranked = keyStyles.map((style) => ({ style, count: known(style) })).sort((a, b) => b.count - a.count);
  return ranked[0]!.count > 0 ? ranked[0]!.style : null;
}
