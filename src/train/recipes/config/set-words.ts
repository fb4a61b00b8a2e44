/**
 * `--set optimizer.weightDecay=0.05`: a field and its value, as JSON or as a bare word.
 */
import { UsageError } from "../../../util/errors.js";
import { shellWord } from "../../../util/shown-path.js";
import type { ConfigLayer, Patch } from "./layers.js";

const isPatch = (value: unknown): value is Patch =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Both, of which `later` wins where they say two things. */
export function joined(earlier: unknown, later: unknown): unknown {
  if (!isPatch(earlier) || !isPatch(later)) return later;
  const names = new Set([...Object.keys(earlier), ...Object.keys(later)]);
  return Object.fromEntries(
    [...names].map((name) => [name, name in later ? joined(earlier[name], later[name]) : earlier[name]]),
  );
}

/** A number as people write it: JSON has neither .05 nor +1. */
const written = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** JSON, a number, or else the word itself. */
function valueIn(text: string): unknown {
  if (written.test(text)) return Number(text);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

interface Assignment {
  readonly path: string;
  readonly value: unknown;
  readonly where: string;
}

/** Sections of a config file that are no fields of a recipe. */
const elsewhere: { readonly [name: string]: string } = {
  run: "what a run is asked for beside its recipe has options of its own: --data, --seed, --replicas, …",
  extends: "--config FILE names a file that extends another",
};

function assignmentOf(word: string): Assignment {
  const at = word.indexOf("=");
  const where = `--set ${shellWord(word)}`;
  if (at <= 0 || at === word.length - 1)
    throw new UsageError(
      `${where}: no ${at === 0 ? "field" : "value"}, expected FIELD=VALUE`,
      "such as --set optimizer.weightDecay=0.05",
    );
  const path = word.slice(0, at);
  const parts = path.split(".");
  const [section = ""] = parts;
  if (Object.hasOwn(elsewhere, section))
    throw new UsageError(`${where}: ${section} is no field of a recipe`, elsewhere[section]);
  const index = parts.findIndex((part) => /^\d+$|[[\]]/.test(part));
  if (index >= 0) {
    const listed = parts
      .slice(0, index + 1)
      .join(".")
      .replace(/(\.\d+|\[.*)$/, "");
    throw new UsageError(`${where}: an element of a list, expected the whole list`, `--set '${listed}=[…]'`);
  }
  return { path, value: valueIn(word.slice(at + 1)), where };
}

/** "a.b" and 1 -> { a: { b: 1 } } */
const nested = ({ path, value }: Assignment): unknown =>
  path.split(".").reduceRight<unknown>((inner, part) => ({ [part]: inner }), value);

/** What all --set of a line say; null where there is none. Throws UsageError for a word that is no assignment. */
export function layerOfWords(words: readonly string[]): ConfigLayer | null {
  if (words.length === 0) return null;
  const assignments = words.map(assignmentOf);
  const patch = assignments.map(nested).reduce(joined) as Patch;
  const isAbout = (path: string, one: Assignment) => `${path}.`.startsWith(`${one.path}.`);
  const whereOf = (path: string) =>
    (assignments.findLast((one) => isAbout(path, one) || one.path.startsWith(path)) ?? assignments[0]!).where;
  return { patch, whereOf };
}
