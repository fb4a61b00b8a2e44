/**
 * Names of one network's entries by who gave them: reads a name by one dialect and writes it in another. The dialects are
 * tables of the network's own (models/<family>/dialects.ts); nothing here knows any of the names.
 */

/**
 * How a publisher names the entries of a network. In templates {s} is a stage from 1 on, {s0} one from 0 on, {j} a block of a
 * stage, {i} a branch of a block. An empty stem has its parts at the top.
 */
export interface Dialect {
  readonly stem: string;
  readonly stage: string;
  readonly head: string;
  /** Modules of a block by what they are, whatever they are called. */
  readonly parts: Readonly<Record<string, string>>;
}

/** Dialects by who speaks them. */
export type Dialects = Readonly<Record<string, Dialect>>;

/** A name, taken apart. */
interface Key {
  /** null for the head; stage 0 is the stem. */
  readonly block: { readonly stage: number; readonly index: number } | null;
  readonly part: string | null;
  readonly branch: number;
  /** weight, bias, running_mean, … */
  readonly leaf: string;
}

/** "stage{s}.{j}" -> /^stage(?<s>\d+)\.(?<j>\d+)\./ */
const patternOf = (template: string): RegExp =>
  template === "" ? /^/ : new RegExp(`^${template.replaceAll(".", "\\.").replace(/\{(\w+)\}/g, "(?<$1>\\d+)")}\\.`);

interface Reader {
  readonly stem: RegExp;
  readonly stage: RegExp;
  readonly head: RegExp;
  readonly parts: readonly (readonly [part: string, pattern: RegExp])[];
}

const readerOf = ({ stem, stage, head, parts }: Dialect): Reader => ({
  stem: patternOf(stem),
  stage: patternOf(stage),
  head: patternOf(head),
  parts: Object.entries(parts).map(([part, template]) => [part, patternOf(template)] as const),
});

function parse(reader: Reader, name: string): Key | null {
  const head = reader.head.exec(name);
  if (head) return { block: null, part: null, branch: 0, leaf: name.slice(head[0].length) };
  const stage = reader.stage.exec(name);
  const place = stage ?? reader.stem.exec(name);
  if (!place) return null;
  const { s, s0, j } = place.groups ?? {};
  const block = stage
    ? { stage: s === undefined ? Number(s0) + 1 : Number(s), index: Number(j) }
    : { stage: 0, index: 0 };
  const rest = name.slice(place[0].length);
  for (const [part, pattern] of reader.parts) {
    const found = pattern.exec(rest);
    if (found) return { block, part, branch: Number(found.groups?.i ?? 0), leaf: rest.slice(found[0].length) };
  }
  return null;
}

function format(dialect: Dialect, { block, part, branch, leaf }: Key): string {
  const { stem, stage, head, parts } = dialect;
  if (!block || !part) return `${head}.${leaf}`;
  const place = block.stage === 0 ? stem : stage;
  const filled = `${place === "" ? "" : `${place}.`}${parts[part]}.${leaf}`;
  const numbers: Readonly<Record<string, number>> = { s: block.stage, s0: block.stage - 1, j: block.index, i: branch };
  return filled.replace(/\{(\w+)\}/g, (_, name: string) => String(numbers[name]));
}

/** The names of a model's entries in the styles of several publishers, told apart and translated. */
export class KeyMap {
  readonly #dialects: Dialects;
  readonly #readers: ReadonlyMap<string, Reader>;

  constructor(dialects: Dialects) {
    this.#dialects = dialects;
    this.#readers = new Map(Object.entries(dialects).map(([style, dialect]) => [style, readerOf(dialect)]));
  }

  get styles(): string[] {
    return [...this.#readers.keys()];
  }

  /** The name taken apart; null where `style` does not have it, or the style is unknown. */
  #parse(name: string, style: string): Key | null {
    const reader = this.#readers.get(style);
    return reader ? parse(reader, name) : null;
  }

  /** A name of `from` as `to` has it; names that `from` does not have stay as they are. */
  rename(name: string, from: string, to: string): string {
    const dialect = this.#dialects[to];
    const key = from === to || !dialect ? null : this.#parse(name, from);
    return key && dialect ? format(dialect, key) : name;
  }

  /** Entries under the names of another dialect, in their order. */
  renameAll<T>(entries: ReadonlyMap<string, T>, from: string, to: string): Map<string, T> {
    return new Map([...entries].map(([name, entry]) => [this.rename(name, from, to), entry]));
  }

  /** How many of the names are those of blocks in `style`: heads alone say nothing. */
  countBlocks(names: readonly string[], style: string): number {
    return names.filter((name) => this.#parse(name, style)?.block).length;
  }
}
