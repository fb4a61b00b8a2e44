/**
 * JSON that people write (RFC 8259): read with the line of every value, so that what is wrong in it can be pointed at. A name that
 * stands twice in an object is a fault here, where JSON.parse takes the last.
 */
import { getBudget } from "./budget.js";
import { UsageError } from "./errors.js";
import { visibleText } from "./visible-text.js";

/** A value and where its parts stand. */
export interface JsonLines {
  readonly value: unknown;
  /** The 1-based line of the part at a path such as "images.switches[0].epoch"; of its nearest container where it has none. */
  lineOf(path: string): number;
}

const word = /[^\s,:[\]{}"]+/y;
const textToken = /"(?:[^"\\\n]|\\.)*"/y;
const space = /[ \t\r\n]*/y;

/** Longer words are cut in errors. */
const SHOWN_CHARACTERS = 20;
/** The reader calls itself a container deeper: more would exhaust the stack, whatever the budget says. */
const MOST_NESTED = 1000;

/** "a.b[2]" -> "a.b". */
const containerOf = (path: string): string => path.slice(0, Math.max(0, path.search(/(\.[^.[]*|\[\d+\])$/)));

/** The path of a part: "optimizer", "lr" -> "optimizer.lr"; "switches", 0 -> "switches[0]". */
export function pathTo(container: string, part: string | number): string {
  if (typeof part === "number") return `${container}[${part}]`;
  return container === "" ? part : `${container}.${part}`;
}

/** Reads a text. Throws UsageError, which begins with `where` and the line. */
export function parseJsonLines(text: string, where: string): JsonLines {
  const lines = new Map<string, number>();
  const value = new Reader(text, where, lines).whole();
  const lineOf = (path: string): number => lines.get(path) ?? (path === "" ? 1 : lineOf(containerOf(path)));
  return { value, lineOf };
}

class Reader {
  readonly #text: string;
  /** Places of the line feeds. */
  readonly #ends: readonly number[];
  readonly #where: string;
  readonly #lines: Map<string, number>;
  #at = 0;

  constructor(text: string, where: string, lines: Map<string, number>) {
    // an editor's byte order mark
    this.#text = text.replace(/^\uFEFF/, "");
    this.#ends = [...this.#text.matchAll(/\n/g)].map(({ index }) => index);
    this.#where = where;
    this.#lines = lines;
  }

  whole(): unknown {
    this.#skip();
    const value = this.#value("", 0);
    this.#skip();
    if (this.#at < this.#text.length) throw this.#fault("the end of the file");
    return value;
  }

  #value(path: string, depth: number): unknown {
    const most = Math.min(MOST_NESTED, getBudget().depth);
    if (depth > most) throw this.#fault(`at most ${most} containers in each other`);
    if (!this.#lines.has(path)) this.#lines.set(path, this.#line());
    if (this.#takes("{")) return this.#object(path, depth);
    if (this.#takes("[")) return this.#array(path, depth);
    const begin = this.#at;
    const token = this.#match(textToken) ?? this.#match(word);
    try {
      if (token !== undefined) return JSON.parse(token);
    } catch {
      this.#at = begin;
    }
    throw this.#fault("a value: a number, a text in double quotes, true, false, null, {…} or […]");
  }

  #object(path: string, depth: number): unknown {
    // without a prototype: a field may be called __proto__
    const found = Object.create(null) as Record<string, unknown>;
    if (this.#takes("}")) return found;
    do {
      const begin = this.#at;
      const name = this.#match(textToken);
      if (name === undefined) throw this.#fault('a name in double quotes, or "}" without a comma before it');
      const key = this.#name(name, begin);
      if (key in found) throw this.#fault("each name once", begin);
      const part = pathTo(path, key);
      this.#lines.set(part, this.#line(begin));
      this.#expect(":", `":" after ${name}`);
      found[key] = this.#value(part, depth + 1);
      this.#skip();
    } while (this.#takes(","));
    this.#expect("}", '"," or "}"');
    return found;
  }

  #name(token: string, begin: number): string {
    try {
      return JSON.parse(token) as string;
    } catch {
      throw this.#fault("a name in double quotes", begin);
    }
  }

  #array(path: string, depth: number): unknown[] {
    const found: unknown[] = [];
    if (this.#takes("]")) return found;
    do {
      found.push(this.#value(pathTo(path, found.length), depth + 1));
      this.#skip();
    } while (this.#takes(","));
    this.#expect("]", '"," or "]"');
    return found;
  }

  #skip(): void {
    this.#match(space);
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  /** Takes a sign, and the space after it. */
  #takes(sign: string): boolean {
    if (this.#text[this.#at] !== sign) return false;
    this.#at++;
    this.#skip();
    return true;
  }

  #expect(sign: string, expected: string): void {
    this.#skip();
    if (!this.#takes(sign)) throw this.#fault(expected);
  }

  /** By halving: what is before `at` is not counted again for each value. */
  #line(at = this.#at): number {
    let [low, high] = [0, this.#ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#ends[middle]! < at) low = middle + 1;
      else high = middle;
    }
    return low + 1;
  }

  #fault(expected: string, at = this.#at): UsageError {
    const [rest] = /^("(?:[^"\\\n]|\\.)*"?|[^\s,:[\]{}"]+|\S)/.exec(this.#text.slice(at)) ?? [];
    const cut = rest !== undefined && rest.length > SHOWN_CHARACTERS ? `${rest.slice(0, SHOWN_CHARACTERS)}…` : rest;
    const came = cut === undefined ? "the end" : visibleText(cut);
    return new UsageError(`${this.#where}:${this.#line(at)}: ${came}, expected ${expected}`);
  }
}
