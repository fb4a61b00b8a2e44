/**
 * JSON.parse within the budget: nesting and values are counted before anything is made of them, without recursion.
 */
import { Budget, type Fault, getBudget } from "./budget.js";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
/** Brackets and braces differ from each other by this bit. */
const CURLY = 0x20;
const OPEN = "{".charCodeAt(0);
const CLOSE = "}".charCodeAt(0);
/** An object or a list takes as much memory as some four numbers. */
const CONTAINER = 4;

/** Throws `fault` for JSON that is too long, too deep, or has too many values; says nothing of its grammar. */
export function expectModestJson(source: string | Uint8Array, where: string, fault: Fault): void {
  const budget = new Budget(where, fault);
  budget.check("jsonBytes", source.length);
  const at: (i: number) => number = typeof source === "string" ? (i) => source.charCodeAt(i) : (i) => source[i]!;
  const { depth: deepest, jsonValues: most } = getBudget();
  let [depth, values] = [0, 0];
  for (let i = 0; i < source.length; i++) {
    const sign = at(i);
    if (sign === QUOTE) {
      for (i++; i < source.length && at(i) !== QUOTE; i++) if (at(i) === BACKSLASH) i++;
    } else if (sign === COMMA || sign === COLON) values++;
    else if ((sign | CURLY) === OPEN) {
      values += CONTAINER;
      if (++depth > deepest) budget.check("depth", depth);
    } else if ((sign | CURLY) === CLOSE) depth--;
    if (values > most) budget.spend("jsonValues", values);
  }
}

/**
 * The value of a JSON text, or of UTF-8 bytes of one. Throws `fault`, beginning with `where`, for what is beyond the budget, and what
 * `notJson` makes of the reason for what is no JSON.
 */
export function parseJson(
  source: string | Uint8Array,
  where: string,
  fault: Fault,
  notJson: (why: string) => Error,
): unknown {
  expectModestJson(source, where, fault);
  try {
    return JSON.parse(typeof source === "string" ? source : new TextDecoder("utf-8", { fatal: true }).decode(source));
  } catch (error) {
    throw notJson(error instanceof Error ? error.message : String(error));
  }
}
