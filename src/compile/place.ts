/**
 * Static memory: every input and temporary of a program gets a place in one run of bytes, shared by values whose
 * lifetimes do not meet. Greedy by size (Pisarchyk & Lee 2020, "Efficient memory management for deep neural net
 * inference"): the largest first, each at the lowest place free during its life. Lives of a training step are nested, as
 * activations made first are read last: there the longest life first leaves fewer holes. What needs less is taken.
 */
import type { Program } from "../ops/program.js";
import { dtypes } from "../tensor/dtype.js";
import { alignUp } from "../util/align-up.js";

/** A cache line, which is also what the arena aligns to. */
const ALIGNMENT = 64;

export type Placement = Pick<Program, "placement" | "temporaryBytes">;
export type Unplaced = Omit<Program, keyof Placement>;

interface Life {
  readonly value: number;
  readonly bytes: number;
  /** First and last group of instructions that touch it. */
  readonly first: number;
  readonly last: number;
  place: number;
}

function livesOf({ values, instructions, groups, outputs }: Unplaced): Life[] {
  const first = new Array<number>(values.length).fill(-1);
  const last = new Array<number>(values.length).fill(-1);
  const touch = (value: number, at: number): void => {
    if (first[value]! < 0) first[value] = at;
    last[value] = at;
  };
  groups.forEach(({ from, to }, at) => {
    for (const { inputs, outputs: written } of instructions.slice(from, to))
      for (const { value } of [...inputs, ...written]) touch(value, at);
  });
  for (const { value } of outputs) touch(value, groups.length);
  return values.flatMap(({ kind, dtype, length }, value) => {
    // what fusion left out has no life
    if (kind === "external" || (kind === "temporary" && first[value]! < 0)) return [];
    const bytes = Math.max(ALIGNMENT, alignUp(length * dtypes[dtype].bytes, ALIGNMENT));
    // inputs are there from the start
    const from = kind === "input" ? 0 : Math.max(0, first[value]!);
    return [{ value, bytes, first: from, last: Math.max(from, last[value]!), place: 0 }];
  });
}

type Order = (a: Life, b: Life) => number;

const lengthOf = ({ first, last }: Life): number => last - first;
const bySize: Order = (a, b) => b.bytes - a.bytes || a.first - b.first;
const byLife: Order = (a, b) => lengthOf(b) - lengthOf(a) || bySize(a, b);

/** Places for all values that are not external. */
export function placeTemporaries(program: Unplaced): Placement {
  const [large, long] = [bySize, byLife].map((order) => placeInOrder(program, order)) as [Placement, Placement];
  return long.temporaryBytes < large.temporaryBytes ? long : large;
}

function placeInOrder(program: Unplaced, order: Order): Placement {
  const lives = livesOf(program).sort(order);
  const placement = new Array<number>(program.values.length).fill(-1);
  /** Placed ones, by place. */
  const placed: Life[] = [];
  let temporaryBytes = 0;
  for (const life of lives) {
    let at = 0;
    for (const other of placed) {
      if (other.last < life.first || other.first > life.last) continue;
      if (at + life.bytes <= other.place) break;
      at = Math.max(at, other.place + other.bytes);
    }
    life.place = at;
    placement[life.value] = at;
    temporaryBytes = Math.max(temporaryBytes, at + life.bytes);
    insertByPlace(placed, life);
  }
  return { placement, temporaryBytes };
}

function insertByPlace(placed: Life[], life: Life): void {
  let low = 0;
  let high = placed.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (placed[middle]!.place <= life.place) low = middle + 1;
    else high = middle;
  }
  placed.splice(low, 0, life);
}
