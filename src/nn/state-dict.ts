/**
 * What a state dict is, and how two of them differ: missing, unexpected and misshapen entries, all at once, with the
 * nearest names that might have been meant.
 */
import { type Shape, sameShape, showShape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { StateDictError } from "../util/errors.js";
import { nearestName } from "../util/nearest.js";

/** Tensors by the dotted names of a module's parameters and buffers. */
export type StateDict = ReadonlyMap<string, Tensor>;

/** What a module expects of one entry. */
export interface StateSpec {
  readonly shape: Shape;
  /** Default false: the entry must be there. */
  readonly isOptional?: boolean;
}

/** How two state dicts differ, by name. */
export interface StateDifference {
  readonly missing: readonly string[];
  readonly unexpected: readonly string[];
  readonly misshapen: readonly { readonly name: string; readonly given: Shape; readonly expected: Shape }[];
}

/** What loadStateDict() did not copy. */
export interface LoadReport {
  /** Entries of the module that the dict has not; they keep their values. */
  readonly missing: readonly string[];
  /** Entries of the dict that the module has not. */
  readonly unexpected: readonly string[];
  /** Entries of both with other shapes; they keep their values. */
  readonly mismatched: StateDifference["misshapen"];
}

export const reportOf = ({ missing, unexpected, misshapen }: StateDifference): LoadReport => ({
  missing,
  unexpected,
  mismatched: misshapen,
});

/** How many names of each kind an error spells out. */
const SHOWN = 8;

/** Every difference between what is expected and what is given, by name and shape. */
export function compareStates(
  expected: ReadonlyMap<string, StateSpec>,
  given: ReadonlyMap<string, { readonly shape: Shape }>,
): StateDifference {
  return {
    missing: [...expected].flatMap(([name, { isOptional }]) => (given.has(name) || isOptional ? [] : [name])),
    unexpected: [...given.keys()].filter((name) => !expected.has(name)),
    misshapen: [...expected].flatMap(([name, { shape }]) => {
      const other = given.get(name);
      return other && !sameShape(other.shape, shape) ? [{ name, given: other.shape, expected: shape }] : [];
    }),
  };
}

const listed = <T>(kind: string, items: readonly T[], show: (item: T) => string): string[] =>
  items.length === 0
    ? []
    : [
        `  ${items.length} ${kind}: ${items.slice(0, SHOWN).map(show).join(", ")}${
          items.length > SHOWN ? `, and ${items.length - SHOWN} more` : ""
        }`,
      ];

/** The error that tells every difference, with what `explain` makes of them as its hint; null where there is none. */
export function stateDictError(
  expected: ReadonlyMap<string, StateSpec>,
  given: ReadonlyMap<string, { readonly shape: Shape }>,
  where = "loadStateDict",
  explain: (difference: StateDifference) => string | undefined = () => undefined,
): StateDictError | null {
  const difference = compareStates(expected, given);
  const { missing, unexpected, misshapen } = difference;
  if (missing.length + unexpected.length + misshapen.length === 0) return null;
  const withNearest = (candidates: readonly string[]) => (name: string) => {
    const nearest = nearestName(name, candidates);
    return nearest === undefined ? name : `${name} (nearest: ${nearest})`;
  };
  const lines = [
    `${where}: the state dict has ${given.size} entries that do not fit the ${expected.size} of the module`,
    ...listed("missing", missing, withNearest(unexpected)),
    ...listed("unexpected", unexpected, withNearest(missing)),
    ...listed("misshapen", misshapen, (m) => `${m.name} is ${showShape(m.given)}, expected ${showShape(m.expected)}`),
  ];
  return new StateDictError(lines, explain(difference));
}
