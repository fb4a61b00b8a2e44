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
  readonly module: M | null;
  /** With its declaration where it is not a module. */
  readonly tensor: Tensor | null;
  readonly declaration: Declaration | null;
  readonly isElement: boolean;
}

function* search<M>(
  name: string,
  value: unknown,
  isModule: (value: unknown) => value is M,
  isElement: boolean,
): Generator<Held<M>> {
  if (isModule(value)) yield { name, module: value, tensor: null, declaration: null, isElement };
  else if (value instanceof Tensor) {
    const declaration = declarationOf(value);
    if (declaration) yield { name, module: null, tensor: value, declaration, isElement };
  } else if (Array.isArray(value))
    // a list of numbers or names is not gone through
    for (const [i, item] of typeof value[0] === "object" ? value.entries() : [])
      yield* search(`${name}.${i}`, item, isModule, true);
}

/** What the own fields of `owner` hold, in the order in which they were set. */
export function* heldBy<M>(owner: object, isModule: (value: unknown) => value is M): Generator<Held<M>> {
  for (const name of Object.keys(owner)) {
    const field = Object.getOwnPropertyDescriptor(owner, name);
    if (field && "value" in field) yield* search(name, field.value, isModule, false);
  }
}
