/**
 * A partial value laid over a whole one, by the table of fields: what it names is checked and taken, all else stays. Everything
 * that is wrong in it is collected.
 */

import { pathTo } from "../../../util/json-lines.js";
import { nearestName } from "../../../util/nearest.js";
import { expectedOf, shownName, shownValue } from "./expected.js";
import type { Fields, Rule } from "./rules.js";

/** One thing that is wrong, at a path such as "optimizer.lr". */
export interface Fault {
  readonly path: string;
  /** What came and what was expected. */
  readonly text: string;
  readonly hint?: string;
}

type Plain = { readonly [name: string]: unknown };

const isPlain = (value: unknown): value is Plain =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Lays `patch` over `base`, of which undefined is nothing: the patch has to be whole then. Faults are added to the list. */
export function overlay(rule: Rule, base: unknown, patch: unknown, path: string, faults: Fault[]): unknown {
  const wrong = () => {
    faults.push({
      path,
      text: `${path}: ${shownValue(patch)}, expected ${expectedOf(rule)}`,
      ...nearestHint(rule, patch),
    });
    return base;
  };
  switch (rule.kind) {
    case "either":
      return overlayEither(rule, base, patch, path, faults, wrong);
    case "list":
      if (!Array.isArray(patch) || (rule.length !== undefined && patch.length !== rule.length)) return wrong();
      return patch.map((one, i) => overlay(rule.of, undefined, one, pathTo(path, i), faults));
    case "map":
      if (!isPlain(patch)) return wrong();
      return Object.fromEntries(
        Object.entries(patch).map(([name, one]) => [
          name,
          overlay(rule.of, undefined, one, pathTo(path, name), faults),
        ]),
      );
    case "object":
      return isPlain(patch) ? overlayFields(rule.fields, base, patch, path, faults) : wrong();
    case "tagged":
      return isPlain(patch) ? overlayTagged(rule, base, patch, path, faults) : wrong();
    case "keyed":
      return isPlain(patch) ? overlayKeyed(rule, base, patch, path, faults, wrong) : wrong();
    default:
      return allows(rule, patch) ? patch : wrong();
  }
}

/** Whether a whole value is allowed. */
export function isAllowed(rule: Rule, value: unknown): boolean {
  const faults: Fault[] = [];
  overlay(rule, undefined, value, "", faults);
  return faults.length === 0;
}

/** Whether a value without parts is. */
function allows(
  rule: Exclude<Rule, { kind: "either" | "list" | "map" | "object" | "tagged" | "keyed" }>,
  value: unknown,
): boolean {
  switch (rule.kind) {
    case "number": {
      if (typeof value !== "number" || !Number.isFinite(value)) return false;
      const { isWhole = false, min = -Infinity, above = -Infinity, max = Infinity, below = Infinity } = rule;
      return (
        value >= min && value > above && value <= max && value < below && (!isWhole || Number.isSafeInteger(value))
      );
    }
    case "text":
      // a NUL ends names for the system
      return typeof value === "string" && value !== "" && !value.includes("\0");
    case "flag":
      return typeof value === "boolean";
    case "null":
      return value === null;
    case "choice":
      return rule.names.some((name) => name === value);
    default:
      return rule satisfies never;
  }
}

function nearestHint(rule: Rule, value: unknown): { readonly hint?: string } {
  if (rule.kind !== "choice" || typeof value !== "string") return {};
  const nearest = nearestName(value, rule.names);
  return nearest === undefined ? {} : { hint: `did you mean ${nearest}?` };
}

/** By the first rule that takes the patch; of an object, what the one rule for objects has against it. */
function overlayEither(
  { rules }: Extract<Rule, { kind: "either" }>,
  base: unknown,
  patch: unknown,
  path: string,
  faults: Fault[],
  wrong: () => unknown,
): unknown {
  for (const rule of rules) {
    const own: Fault[] = [];
    const found = overlay(rule, base === null ? undefined : base, patch, path, own);
    if (own.length === 0) return found;
    if (isPlain(patch) && ["map", "object", "tagged", "keyed"].includes(rule.kind)) {
      faults.push(...own);
      return base;
    }
  }
  return wrong();
}

/** Whether null is a value of the field, and not the wish to have it away. */
const takesNull = (rule: Rule): boolean =>
  rule.kind === "null" || (rule.kind === "either" && rule.rules.some(({ kind }) => kind === "null"));

/** The fields of `base` in their order, then what the patch adds. */
export function overlayFields(fields: Fields, base: unknown, patch: Plain, path: string, faults: Fault[]): Plain {
  for (const name of Object.keys(patch))
    if (!Object.hasOwn(fields, name)) faults.push(unknownField(fields, pathTo(path, name), name, path));
  const before = isPlain(base) ? base : {};
  const names = [...new Set([...Object.keys(before), ...Object.keys(patch)])].filter((name) =>
    Object.hasOwn(fields, name),
  );
  const entries = names.flatMap((name) => {
    const { rule, absent } = fields[name]!;
    if (!(name in patch)) return [[name, before[name]] as const];
    if (patch[name] === null && absent !== undefined && !takesNull(rule)) return [];
    return [[name, overlay(rule, before[name], patch[name], pathTo(path, name), faults)] as const];
  });
  for (const [name, { rule, absent }] of Object.entries(fields))
    if (absent === undefined && !names.includes(name))
      faults.push({ path: pathTo(path, name), text: `${pathTo(path, name)} is missing, expected ${expectedOf(rule)}` });
  return Object.fromEntries(entries);
}

function unknownField(fields: Fields, path: string, name: string, container: string): Fault {
  const own = nearestName(name, Object.keys(fields));
  const meant = own === undefined ? pathEndingIn(fields, name, container) : pathTo(container, own);
  const text = `${shownName(path)} is unknown`;
  if (meant !== undefined) return { path, text: `${text}, did you mean ${meant}?` };
  return { path, text, hint: `${container === "" ? "a recipe" : container} has ${Object.keys(fields).join(", ")}` };
}

/** A field of this name further down: who writes "lr" means optimizer.lr. */
function pathEndingIn(fields: Fields, name: string, container: string): string | undefined {
  const deeper = Object.entries(fields).flatMap(([field, { rule }]) =>
    partsOf(rule).map((part) => [part, pathTo(pathTo(container, field), part)] as const),
  );
  const nearest = nearestName(
    name,
    deeper.map(([part]) => part),
  );
  return deeper.find(([part]) => part === nearest)?.[1];
}

function partsOf(rule: Rule): string[] {
  if (rule.kind === "object") return Object.keys(rule.fields);
  if (rule.kind === "tagged") return [rule.tag, ...Object.values(rule.rows).flatMap((row) => Object.keys(row))];
  if (rule.kind === "keyed") return Object.values(rule.rows).flatMap((row) => Object.keys(row));
  return rule.kind === "either" ? rule.rules.flatMap(partsOf) : [];
}

/** Another name in the tag starts anew: options of one optimiser mean nothing to the next. */
function overlayTagged(
  rule: Extract<Rule, { kind: "tagged" }>,
  base: unknown,
  patch: Plain,
  path: string,
  faults: Fault[],
): unknown {
  const { tag, rows } = rule;
  const before = isPlain(base) ? base : {};
  const name = tag in patch ? patch[tag] : before[tag];
  if (typeof name !== "string" || !Object.hasOwn(rows, name)) {
    const found = `${pathTo(path, tag)}${name === undefined ? " is missing" : `: ${shownValue(name)}`}`;
    const names = { kind: "choice", names: Object.keys(rows) } as const;
    faults.push({
      path: pathTo(path, tag),
      text: `${found}, expected ${expectedOf(names)}`,
      ...nearestHint(names, name),
    });
    return base;
  }
  const { [tag]: _, ...rest } = patch;
  const { [tag]: __, ...kept } = name === before[tag] ? before : { [tag]: name };
  const others = Object.entries(rows).filter(([other]) => other !== name);
  const foreign = Object.keys(rest).find((field) => !Object.hasOwn(rows[name]!, field));
  const owners = others
    .filter(([, row]) => foreign !== undefined && Object.hasOwn(row, foreign))
    .map(([other]) => other);
  if (foreign !== undefined && owners.length > 0) {
    const text = `${pathTo(path, foreign)} is a field of ${owners.join(" and ")}, the ${tag} here is ${name}`;
    faults.push({ path: pathTo(path, foreign), text, hint: `${path}.${tag}=${owners[0]} chooses another` });
    return base;
  }
  return { [tag]: name, ...overlayFields(rows[name]!, kept, rest, path, faults) };
}

function overlayKeyed(
  { rows }: Extract<Rule, { kind: "keyed" }>,
  base: unknown,
  patch: Plain,
  path: string,
  faults: Fault[],
  wrong: () => unknown,
): unknown {
  const keyOf = (value: Plain) => Object.keys(rows).filter((key) => key in value);
  const before = isPlain(base) ? base : {};
  const asked = keyOf(patch);
  if (asked.length > 1) return wrong();
  const key = asked[0] ?? keyOf(before)[0];
  if (key === undefined) return wrong();
  return overlayFields(rows[key]!, key in before ? before : undefined, patch, path, faults);
}
