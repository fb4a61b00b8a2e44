/** The cases of optimizers.json; make-optimizers.py beside it says what they are. */
import { readFileSync } from "node:fs";
import type { OptimizerChoice, OptimizerKind, OptimizerOptions } from "../../../src/optim/index.js";

type Lists = Readonly<Record<string, readonly number[]>>;

export interface OptimizerCase {
  readonly kind: OptimizerKind;
  readonly options: Omit<OptimizerChoice, "kind">;
  /** Parameters after some of the steps, counted from 1. */
  readonly parameters: Readonly<Record<string, Lists>>;
  /** After the last step: slot, then parameter. */
  readonly slots: Readonly<Record<string, Lists>>;
  readonly steps: Readonly<Record<string, number>>;
}

interface Fixture {
  readonly cases: readonly OptimizerCase[];
  readonly clips: readonly {
    readonly maxNorm: number;
    readonly normType: number | "Infinity";
    readonly norm: number;
    readonly gradients: Lists;
  }[];
  readonly cuts: readonly { readonly value: number; readonly gradient: readonly number[] }[];
}

export const optimizerFixture = (): Fixture =>
  JSON.parse(readFileSync(new URL("optimizers.json", import.meta.url), "utf8")) as Fixture;

export const steps = 50;
/** The learning rates are halved before this step, counted from 0. */
export const halvedBefore = 20;
/** Elements of each parameter; those of `second` form the second group. */
export const sizes = { w: 4, x: 3, y: 2 } as const;
export type Name = keyof typeof sizes;
export const names = Object.keys(sizes) as readonly Name[];
export const second: readonly Name[] = ["x", "y"];
export const secondRates = { lr: 0.03, weightDecay: 0.2 } as const satisfies Partial<OptimizerOptions["sgd"]>;

/** −1 to 1. */
const uniform = (k: number): number => (Math.imul(k, 2654435761) >>> 0) / 2 ** 31 - 1;
const values = (seed: number, size: number): number[] =>
  Array.from({ length: size }, (_, i) => uniform(1000 * seed + i + 1));

export const startOf = (name: Name): number[] => values(500 + names.indexOf(name), sizes[name]);

/** The gradient of a step counted from 0; null where there is none. */
export function gradientOf(name: Name, step: number): number[] | null {
  if (name === "y" && step % 3 === 1) return null;
  return values(1 + names.indexOf(name) + 10 * step, sizes[name]).map((value) => 2 * value);
}
