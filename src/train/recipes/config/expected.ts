/**
 * What a rule allows, in words: for errors and for the table of the reference.
 */
import { visibleText } from "../../../util/visible-text.js";
import type { Rule } from "./rules.js";

/** "a whole number from 1 to 4096". */
export function expectedOf(rule: Rule): string {
  switch (rule.kind) {
    case "number":
      return `${rule.isWhole ? "a whole number" : "a number"}${rangeOf(rule)}`;
    case "text":
      return "a text that is not empty";
    case "flag":
      return "true or false";
    case "null":
      return "null";
    case "choice":
      return rule.names.length === 1 ? JSON.stringify(rule.names[0]) : `one of ${rule.names.join(", ")}`;
    case "either":
      return rule.rules.map(expectedOf).join(" or ");
    case "list":
      return `a list${rule.length === undefined ? "" : ` of ${rule.length}`}, each ${expectedOf(rule.of)}`;
    case "map":
      return `an object of names, each with ${expectedOf(rule.of)}`;
    case "object":
      return `an object with ${Object.keys(rule.fields).join(", ")}`;
    case "tagged":
      return `an object whose ${rule.tag} is ${Object.keys(rule.rows).join(", ")}`;
    case "keyed":
      return `an object with ${Object.keys(rule.rows).join(" or ")}`;
    default:
      return rule satisfies never;
  }
}

function rangeOf({ min, above, max, below }: Extract<Rule, { kind: "number" }>): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  const ends = [
    ...(min === undefined ? [] : [`of at least ${min}`]),
    ...(above === undefined ? [] : [`above ${above}`]),
    ...(max === undefined ? [] : [`at most ${max}`]),
    ...(below === undefined ? [] : [`below ${below}`]),
  ];
  return ends.length === 0 ? "" : ` ${ends.join(" and ")}`;
}

/** Longer values are cut in errors. */
const SHOWN_CHARACTERS = 40;

/** A value from anybody's file as one line that a terminal can show: what would steer it is written as \u escapes. */
export function shownValue(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  const cut = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
  return visibleText(cut);
}

/** A name from anybody's file: itself where it is an ordinary one, else as a text in quotes. */
export const shownName = (name: string): string => (/^[\w$.[\]-]+$/.test(name) ? name : shownValue(name));
