/**
 * Cases with dimensions of size 0, made from the grid's: every choice of up to three sizes that are set to 0 together, and of
 * all that are alike, for which the op's shape rule has an answer.
 */
import { inferShapes } from "../../src/ops/shapes/index.js";
import type { Attrs } from "../../src/ops/spec/index.js";
import { type Shape, sizeOf } from "../../src/tensor/shape.js";
import { ShapeError } from "../../src/util/errors.js";
import { type Case, cases, type GridOp, type Input } from "./cases/index.js";

type AnyCase = Case<Attrs<GridOp>>;

/** Attributes that hold sizes or positions, one number or a list. */
const sizeAttrs = ["inputShape", "weightShape", "shape", "begin", "size", "rows", "depth"] as const;

/** One number of a case: an input's axis, or an attribute's entry. */
interface Place {
  readonly holder: number | (typeof sizeAttrs)[number];
  readonly axis: number;
  readonly size: number;
}

const numbersOf = (value: unknown): readonly number[] =>
  typeof value === "number" ? [value] : ((value ?? []) as readonly number[]);

function placesOf({ inputs, attrs }: AnyCase): Place[] {
  const attributes = attrs as Readonly<Record<string, unknown>>;
  return [
    ...inputs.flatMap(({ shape }, holder) => shape.map((size, axis) => ({ holder, axis, size }))),
    ...sizeAttrs.flatMap((holder) => numbersOf(attributes[holder]).map((size, axis) => ({ holder, axis, size }))),
  ].filter(({ size }) => size > 0);
}

function withZeros({ inputs, attrs }: AnyCase, places: readonly Place[]): AnyCase {
  const zeroed = (holder: Place["holder"], numbers: readonly number[]) =>
    numbers.map((value, axis) => (places.some((p) => p.holder === holder && p.axis === axis) ? 0 : value));
  const attributes = Object.entries(attrs).map(([name, value]) => {
    const holder = sizeAttrs.find((attr) => attr === name);
    if (!holder) return [name, value];
    const numbers = zeroed(holder, numbersOf(value));
    return [name, typeof value === "number" ? numbers[0] : numbers];
  });
  return {
    inputs: inputs.map((input, i): Input => ({ ...input, shape: zeroed(i, input.shape) })),
    attrs: Object.fromEntries(attributes),
  };
}

function choices(places: readonly Place[]): Place[][] {
  const found: Place[][] = [];
  const extend = (chosen: Place[], from: number): void => {
    if (chosen.length > 0) found.push(chosen);
    if (chosen.length < 3) for (let i = from; i < places.length; i++) extend([...chosen, places[i]!], i + 1);
  };
  extend([], 0);
  for (const size of new Set(places.map((place) => place.size)))
    found.push(places.filter((place) => place.size === size));
  return found;
}

/** Whether the op has an answer: shapes fit, and no index points into nothing. */
function isPossible(op: GridOp, { inputs, attrs }: AnyCase): boolean {
  const infer = inferShapes[op] as unknown as (shapes: readonly Shape[], attrs: object) => readonly Shape[];
  try {
    infer(
      inputs.map(({ shape }) => shape),
      attrs,
    );
  } catch (error) {
    if (error instanceof ShapeError) return false;
    throw error;
  }
  const { rows = 1, depth = 1 } = attrs as { rows?: number; depth?: number };
  const along = op === "takeAlongAxis" || op === "scatter" ? (attrs as { axis: number }).axis : null;
  // starts and counts of neighbours that are not there
  if (op === "resample") {
    const [x, ...tables] = inputs.map(({ shape }) => shape);
    return x![(attrs as Attrs<"resample">).axis]! > 0 && tables.every((shape) => sizeOf(shape) > 0);
  }
  const axis = op === "gather" ? 0 : along;
  const targets = axis === null ? Math.min(rows, depth) : inputs[0]!.shape[axis]!;
  const indices = inputs.find(({ fill }) => typeof fill === "object");
  return indices === undefined || sizeOf(indices.shape) === 0 || targets > 0;
}

/** Cases of the grid that the empty ones are made from, and the most that are made for an op. */
const BASES = 6;
const MOST = 60;

/** Small cases of an op, spread over the grid. */
export function smallCases(op: GridOp, count: number): readonly AnyCase[] {
  const small = (cases[op] as readonly AnyCase[]).filter(({ isLarge }) => !isLarge);
  const step = Math.max(1, Math.floor(small.length / count));
  return small.filter((_, i) => i % step === 0).slice(0, count);
}

export function emptyCases(op: GridOp): readonly AnyCase[] {
  const made = new Map<string, AnyCase>();
  for (const base of smallCases(op, BASES))
    for (const choice of choices(placesOf(base))) {
      const one = withZeros(base, choice);
      if (isPossible(op, one)) made.set(JSON.stringify(one), one);
    }
  const all = [...made.values()];
  const step = Math.max(1, Math.floor(all.length / MOST));
  return all.filter((_, i) => i % step === 0);
}
