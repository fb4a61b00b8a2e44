/** Random cases: every row by turns, each from the seed and its number. */
import type { Case } from "./case.js";
import { Draw } from "./draw.js";
import { rows } from "./rows/index.js";

export const names = Object.keys(rows);

/** The case that an id names. */
export function caseOf(id: string): Case {
  const [name, seed, number] = id.split(":") as [string, string, string];
  return { ...rows[name]!(new Draw(Number(seed), Number(number))), id, name };
}

export const casesOf = (seed: number, count: number): Case[] =>
  Array.from({ length: count }, (_, i) => caseOf(`${names[i % names.length]}:${seed}:${i}`));
