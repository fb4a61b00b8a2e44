/** What models are called in addresses, and their classes in answers. */
import { basename, dirname, extname, resolve } from "node:path";
import { UsageError } from "../util/errors.js";

/** A model to be served. */
export interface NamedModel {
  readonly name: string;
  /** A file or the folder of a run. */
  readonly path: string;
}

const LEGAL = /^[A-Za-z0-9][\w.-]{0,63}$/;
const NAMED = /^([A-Za-z0-9][\w.-]{0,63})=(.+)$/s;
/** Files that are called alike in every run: their folder says more. */
const usual = /^(model|model-deploy|best|best-deploy)$/;

/** "NAME=FILE", or a file or folder that names itself: "runs/pets/model.safetensors" is pets. */
export function parseModel(word: string): NamedModel {
  const [, name, path] = NAMED.exec(word) ?? [];
  if (name !== undefined && path !== undefined) return { name, path };
  const file = basename(resolve(word));
  const plain = file.slice(0, file.length - extname(file).length);
  const own = usual.test(plain) ? basename(dirname(resolve(word))) : plain;
  // what an address cannot hold
  return {
    name:
      own
        .replace(/[^\w.-]+/g, "-")
        .replace(/^[^A-Za-z0-9]+/, "")
        .slice(0, 64) || "model",
    path: word,
  };
}

/** Models as serve() takes them. Throws UsageError for none, a name that no address can hold, or one that stands twice. */
export function namedModels(models: string | readonly string[] | Readonly<Record<string, string>>): NamedModel[] {
  const given =
    typeof models === "string" || Array.isArray(models)
      ? [models].flat().map(parseModel)
      : Object.entries(models).map(([name, path]) => ({ name, path }));
  if (given.length === 0) throw new UsageError("serve: no models, expected at least one");
  for (const [i, { name }] of given.entries()) {
    if (!LEGAL.test(name))
      throw new UsageError(`serve: a model called ${JSON.stringify(name)}, expected letters, digits, ".", "_" or "-"`);
    if (given.findIndex((other) => other.name === name) < i)
      throw new UsageError(`serve: two models called ${name}, expected a name for each`, "NAME=FILE names a model");
  }
  return given;
}

/** A label for each class: its name, with its number where another class has the same; the number alone where nothing names it. */
export function labelsOf(classes: readonly string[] | null, count: number): string[] {
  if (classes === null) return Array.from({ length: count }, (_, i) => String(i));
  const times = new Map<string, number>();
  for (const name of classes) times.set(name, (times.get(name) ?? 0) + 1);
  return classes.map((name, i) => (times.get(name)! > 1 ? `${name} (${i})` : name));
}
