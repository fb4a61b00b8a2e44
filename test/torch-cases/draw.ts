/** What random cases are drawn from: sizes, operands of awkward magnitudes, options. */
import { Random, type Tensor } from "../../src/index.js";
import type { Call, Operand } from "./case.js";

/** Where the numbers of an operand lie. */
export interface Range {
  readonly low?: number;
  readonly high?: number;
  /** No two alike, at least a quarter apart: for what PyTorch leaves open among ties. */
  readonly isDistinct?: boolean;
}

/** Elements of one operand at most. */
const LARGEST = 400;

type Python = number | boolean | string | null | readonly Python[];

/** A value as Python writes it; lists as tuples. */
export function python(value: Python): string {
  if (Array.isArray(value)) return `(${value.map((item: Python) => `${python(item)},`).join("")})`;
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "number" && !Number.isFinite(value)) return `float("${value < 0 ? "-" : ""}inf")`;
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

/** Named arguments as Python writes them, camelCase as snake_case; without those that are undefined. */
export const keywords = (options: Readonly<Record<string, Python | undefined>>): string =>
  Object.entries(options)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`)}=${python(value!)}`)
    .join(", ");

export class Draw {
  readonly #random: Random;
  readonly #operands: Operand[] = [];
  /** A part of the cases has numbers of all magnitudes, another ties and zeros. */
  readonly #magnitudes: "usual" | "ties" | "wide";

  constructor(seed: number, number: number) {
    this.#random = new Random(seed, number);
    const share = this.#random.uniform();
    this.#magnitudes = share < 0.6 ? "usual" : share < 0.8 ? "ties" : "wide";
  }

  /** An integer from low to high, both among them. */
  int(low: number, high: number): number {
    return low + Math.floor(this.#random.uniform() * (high - low + 1));
  }

  chance(p = 0.5): boolean {
    return this.#random.uniform() < p;
  }

  pick<T>(...list: readonly T[]): T {
    return list[this.int(0, list.length - 1)]!;
  }

  /** One of a list, or undefined: the default of an option. */
  option<T>(...list: readonly T[]): T | undefined {
    return this.chance(0.4) ? undefined : this.pick(...list);
  }

  /** A number that float32 holds. */
  real(low: number, high: number): number {
    return Math.fround(low + this.#random.uniform() * (high - low));
  }

  /** `least`: the smallest size of an axis; 0 comes up rarely, since nothing can be wrong then. */
  shape(lowRank: number, highRank: number, least = 0): number[] {
    const shape = Array.from({ length: this.int(lowRank, highRank) }, () =>
      least === 0 && this.chance(0.04) ? 0 : this.int(Math.max(1, least), 9),
    );
    while (shape.reduce((all, dim) => all * dim, 1) > LARGEST) {
      const at = shape.indexOf(Math.max(...shape));
      shape[at] = Math.max(1, least, shape[at]! >> 1);
    }
    return shape;
  }

  /** A shape that broadcasts with another one. */
  broadcastable(shape: readonly number[]): number[] {
    const kept = this.chance(0.3) ? shape.slice(this.int(0, shape.length)) : shape;
    return kept.map((dim) => (this.chance(0.25) ? 1 : dim));
  }

  axis(rank: number): number {
    return this.int(-rank, rank - 1);
  }

  /** None (undefined), one, or several different axes. */
  axes(rank: number): number | number[] | undefined {
    if (rank === 0 || this.chance(0.2)) return undefined;
    if (this.chance(0.4)) return this.axis(rank);
    return this.permutation(rank)
      .slice(0, this.int(1, rank))
      .map((axis) => (this.chance(0.3) ? axis - rank : axis));
  }

  permutation(n: number): number[] {
    const list = Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.int(0, i);
      [list[i], list[j]] = [list[j]!, list[i]!];
    }
    return list;
  }

  #number({ low, high }: Range): number {
    const bounded = (value: number): number => Math.min(high ?? Infinity, Math.max(low ?? -Infinity, value));
    if (low !== undefined && high !== undefined) return this.real(low, high);
    if (this.#magnitudes === "usual") return Math.fround(bounded(this.#random.normal() * 1.5));
    if (this.#magnitudes === "ties") return bounded(this.int(-4, 4) / 2);
    const magnitude = 10 ** (this.#random.uniform() * 7 - 5);
    return Math.fround(bounded(this.chance() ? magnitude : -magnitude));
  }

  #add(shape: readonly number[], kind: Operand["kind"], number: (i: number) => number): void {
    const size = shape.reduce((all, dim) => all * dim, 1);
    this.#operands.push({ shape, kind, values: Float64Array.from({ length: size }, (_, i) => number(i)) });
  }

  /** A float operand with a gradient. */
  float(shape: readonly number[], range: Range = {}): this {
    const order = range.isDistinct ? this.permutation(shape.reduce((all, dim) => all * dim, 1)) : [];
    this.#add(shape, "float", (i) =>
      range.isDistinct ? order[i]! / 2 - order.length / 4 + this.real(0, 0.25) : this.#number(range),
    );
    return this;
  }

  /** A float operand without a gradient. */
  fixed(shape: readonly number[], range: Range = {}): this {
    this.#add(shape, "fixed", () => this.#number(range));
    return this;
  }

  /** From low to high, both among them. */
  integers(shape: readonly number[], low: number, high: number): this {
    this.#add(shape, "integer", () => this.int(low, high));
    return this;
  }

  bools(shape: readonly number[], share = 0.5): this {
    this.#add(shape, "bool", () => (this.chance(share) ? 1 : 0));
    return this;
  }

  /** The call on the operands drawn so far. */
  call(ours: (...operands: Tensor[]) => Tensor | readonly Tensor[], torch: string): Call {
    return { operands: this.#operands, ours, torch };
  }
}
