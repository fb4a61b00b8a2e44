/**
 * Weights of classes: what names them, and what a recipe's come to with the pictures of a run.
 */
import { classWeights as balancedWeights } from "../../data/class-weights.js";
import type { ClassWeights } from "../../models/recipe-choices.js";
import { UsageError } from "../../util/errors.js";
import { nearestName } from "../../util/nearest.js";
import { parseJson } from "../../util/parse-json.js";
import { readWithin } from "../../util/read-within.js";

/**
 * The weights that are called `named`: balanced, or a JSON file with numbers. Throws UsageError for a file that holds none.
 */
export function readClassWeights(named: string): ClassWeights {
  if (named === "balanced") return named;
  const unusable = (why: string) =>
    new UsageError(
      `class weights ${named}: ${why}`,
      "balanced, or a file such as [1, 2.5] in the order of the classes",
    );
  let bytes: Uint8Array;
  try {
    bytes = readWithin(named, "jsonBytes", { fault: UsageError });
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw unusable(code === "ENOENT" ? "there is no such file" : code === "EISDIR" ? "it is a folder" : message);
  }
  const found = parseJson(bytes, `class weights ${named}`, UsageError, () => unusable("it is not JSON"));
  const values = typeof found === "object" && found !== null ? Object.values(found) : [];
  if (values.length > 0 && values.every((value) => typeof value === "number")) return found as ClassWeights;
  throw new UsageError(`class weights ${named}: expected numbers, as [1, 2.5] or {"cat": 1, "dog": 2.5}`);
}

/** A class that a table does not name. */
const UNNAMED = 1;

/**
 * A weight for each class, [classes], or null where all count alike; `counts` are the train pictures of each. Throws UsageError for weights that do
 * not fit the classes, or are none.
 */
export function weightsOfClasses(
  choice: ClassWeights | undefined,
  classes: readonly string[],
  counts: readonly number[],
): readonly number[] | null {
  if (choice === undefined) return null;
  if (choice === "balanced") return balancedWeights(counts);
  const weights = isList(choice) ? choice : byName(choice, classes);
  if (weights.length !== classes.length)
    throw new UsageError(
      `class weights: ${weights.length} numbers, but the data set has ${classes.length} classes`,
      `one for each, in this order: ${classes.slice(0, 4).join(", ")}${classes.length > 4 ? ", …" : ""}`,
    );
  const odd = weights.findIndex((weight) => !(weight >= 0 && weight < Number.POSITIVE_INFINITY));
  if (odd >= 0)
    throw new UsageError(`class weights: ${weights[odd]} for class ${classes[odd]}, expected a number of at least 0`);
  if (!weights.some((weight, i) => weight > 0 && counts[i]! > 0))
    throw new UsageError("class weights: 0 for all classes that have pictures, expected one above 0");
  return weights;
}

const isList = (choice: Exclude<ClassWeights, "balanced">): choice is readonly number[] => Array.isArray(choice);

function byName(table: { readonly [name: string]: number }, classes: readonly string[]): readonly number[] {
  const unknown = Object.keys(table).find((name) => !classes.includes(name));
  if (unknown !== undefined) {
    const nearest = nearestName(unknown, classes);
    throw new UsageError(
      `class weights: there is no class ${JSON.stringify(unknown)}`,
      nearest === undefined ? `the classes are ${classes.slice(0, 8).join(", ")}` : `the nearest is ${nearest}`,
    );
  }
  return classes.map((name) => (Object.hasOwn(table, name) ? table[name]! : UNNAMED));
}
