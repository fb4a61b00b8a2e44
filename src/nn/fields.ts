/**
 * What the fields of a module hold: modules, parameters and buffers, alone or in arrays. They are looked up when they are asked
 * for, so that a field may be set after super(), and be set again. Names are those of fields: a minifier keeps them
 * unless it is told to rename properties. What cannot be seen from outside, a #private field or a getter, is not looked at; maps,
 * sets and plain objects are not searched.
 */
import { Tensor } from "../tensor/tensor.js";
import { type Declaration, declarationOf } from "./parameter.js";

/** A field, or an element of an array in one: "blocks.0". */
export interface Held<M> {
  readonly name: string;
  readonly value: M | Tensor;
  /** Of a tensor; null for a module. */
  readonly declaration: Declaration | null;
  readonly isElement: boolean;
}

/** What is looked for, and what is passed over. */
interface Search<M> {
  readonly isModule: (value: unknown) => value is M;
  readonly known: ReadonlySet<unknown>;
  readonly found: Held<M>[];
}

function search<M>(name: string, value: unknown, isElement: boolean, into: Search<M>): void {
  if (typeof value !== "object" || value === null || into.known.has(value)) return;
  if (into.isModule(value)) into.found.push({ name, value, declaration: null, isElement });
  else if (value instanceof Tensor) {
    const declaration = declarationOf(value);
    if (declaration) into.found.push({ name, value, declaration, isElement });
  } else if (Array.isArray(value) && typeof value[0] === "object")
    // a list of numbers or names is not gone through
    for (let i = 0; i < value.length; i++) search(`${name}.${i}`, value[i], true, into);
}

/** What the own fields of `owner` hold beside what is `known`, in the order in which they were set. */
export function heldBy<M>(
  owner: object,
  isModule: (value: unknown) => value is M,
  known: ReadonlySet<unknown>,
): readonly Held<M>[] {
  const found: Held<M>[] = [];
  const into = { isModule, known, found };
  const fields = owner as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(owner)) search(name, fields[name], false, into);
  return found;
}
