/**
 * Ranges of positions along axes as Python writes them: begin, end and step, ends left open, negative ones counted from the
 * end, those beyond it cut. Pure functions, no tensors.
 */
import { type Shape, showShape } from "../../tensor/shape.js";
import { IndexError, ShapeError } from "../../util/errors.js";

/** A position, or null for an end that is left open. */
export type Bound = number | null;
/** [begin, end, step] of one axis; null leaves an end open, the step is 1 where it is not given. */
export type Range = readonly [begin: Bound, end: Bound, step?: Bound];
/** One step of `at()`: a position, a range, a new axis of size 1, or all axes that are not named. */
export type IndexItem = number | Range | "new" | "rest";

/** As many elements of an axis as `size`, `step` apart. */
export interface Steps {
  readonly begin: number;
  readonly size: number;
  readonly step: number;
}

/** What a range takes of an axis with `dim` positions. Throws ShapeError for a step of 0 or fractions. */
export function stepsOf([begin, end, step]: Range, dim: number, where: string): Steps {
  const by = step ?? 1;
  for (const value of [begin ?? 0, end ?? 0, by])
    if (!Number.isInteger(value)) throw new ShapeError(`${where}: ${value} in a range, expected an integer`);
  if (by === 0)
    throw new ShapeError(`${where}: a step of 0, expected any other integer`, "select() takes one position");
  const [least, most] = by > 0 ? [0, dim] : [-1, dim - 1];
  const inside = (at: number): number => Math.min(most, Math.max(least, at < 0 ? at + dim : at));
  const from = begin === null ? (by > 0 ? 0 : dim - 1) : inside(begin);
  const to = end === null ? (by > 0 ? dim : -1) : inside(end);
  const size = Math.max(0, Math.ceil((to - from) / by));
  // nothing and a single element have no step
  return { begin: size === 0 ? 0 : from, size, step: size < 2 ? 1 : by };
}

/** A position along an axis, negative ones counted from the end. Throws IndexError with position and size. */
export function positionOf(at: number, axis: number, shape: Shape, where: string): number {
  const dim = shape[axis]!;
  const position = at < 0 ? at + dim : at;
  if (!Number.isInteger(at) || position < 0 || position >= dim)
    throw new IndexError(
      `${where}: index ${at} of axis ${axis}, ${showShape(shape)} has ${dim} there`,
      dim === 0 ? "there is nothing to choose from" : `positions are ${-dim} to ${dim - 1}`,
    );
  return position;
}

function boundOf(text: string, where: string): Bound {
  if (text === "") return null;
  if (!/^[+-]?\d+$/.test(text)) throw new ShapeError(`${where}: "${text}", expected an integer or nothing`);
  return Number(text);
}

function itemOf(text: string, where: string): IndexItem {
  if (text === "...") return "rest";
  if (text === "None") return "new";
  const bounds = text.split(":").map((bound) => bound.trim());
  if (bounds.length > 3 || text === "")
    throw new ShapeError(`${where}: "${text}", expected begin:end:step, a position, ... or None`);
  const [begin, end, step] = bounds.map((bound) => boundOf(bound, where));
  return bounds.length === 1 ? (begin as number) : [begin!, end!, step ?? null];
}

/** "1:, ::-1, 0, ..., None" as items. Throws ShapeError with the part that cannot be read. */
export const parseIndex = (text: string, where: string): IndexItem[] =>
  text.split(",").map((item) => itemOf(item.trim(), where));
