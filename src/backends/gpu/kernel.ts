/**
 * What a kernel of this backend is: a gpu.js kernel string with shapes as arguments, so that one kernel serves all sizes.
 *
 * How a string must be written, because gpu.js and WGSL give silently wrong numbers otherwise (test/gpu/kernels.test.ts scans
 * for it): locals are float32, so a flat index that passes 2^24 may only stand inside the brackets of an access; everything
 * else addresses arrays as [z][y][x] with small coordinates, which gpu.js joins in integers. No `continue`, no loop variable
 * used twice, no ternary inside an index, no decreasing loop. NaN and ∞ are no business of WGSL's operators: what may meet
 * them calls a function of helpers.ts.
 */

import { helpersIn } from "./helpers.js";

/** array: float32 numbers seen as [z][y][x]; integer and float: scalars. */
export type ArgumentKind = "array" | "integer" | "float";

export type GpuArgs = Readonly<Record<string, ArgumentKind>>;

export interface GpuKernel<A extends GpuArgs = GpuArgs> {
  readonly name: string;
  /** 1: one flat index, thread.x. 3: thread.x, y, z, of which x is the fastest in the output. */
  readonly rank: 1 | 3;
  /** In the order in which the source takes them. */
  readonly args: A;
  readonly source: string;
}

/** What the one flat index of a rank-1 kernel, and each coordinate of a rank-3 kernel, can reach. */
export type Dims = readonly [x: number, y: number, z: number];

/** A kernel of these arguments; `body` returns the value of one output element and may call the functions of helpers.ts. */
export function defineKernel<const A extends GpuArgs>(
  { name, rank, args }: Omit<GpuKernel<A>, "source">,
  body: string,
): GpuKernel<A> {
  const source = `function (${Object.keys(args).join(", ")}) {\n${helpersIn(body)}${body.trim()}\n}`;
  return { name, rank, args, source };
}

/** Arguments of one kind. */
export const allOf = <K extends ArgumentKind, const N extends string>(kind: K, names: readonly N[]) =>
  Object.fromEntries(names.map((name) => [name, kind])) as { readonly [M in N]: K };

/** No axis of a kernel with three coordinates is longer: they are float32 numbers, which whole numbers above are not all. */
export const LONGEST_AXIS = 2 ** 24;

/**
 * Splits a coordinate that counts pairs (slow, fast) into its two parts, as statements. Dividing may round to a neighbour of
 * the right one beyond 2^20, where WGSL allows an error of 2.5 ulp; the remainder then shows it.
 */
export const splitPair = (slow: string, fast: string, from: string, n: string): string =>
  `let ${slow} = Math.floor((${from} + 0.5) / ${n});
  let ${fast} = ${from} - ${slow} * ${n};
  if (${fast} < 0) { ${slow} = ${slow} - 1; ${fast} = ${fast} + ${n}; }
  if (${fast} >= ${n}) { ${slow} = ${slow} + 1; ${fast} = ${fast} - ${n}; }`;

/**
 * Arithmetic that writes over its operands: WGSL for an element `i`, run on the device in place, and the same as gpu.js
 * kernels, one per overwritten operand, for where nothing can be written in place.
 */
export interface InPlaceKernel {
  readonly name: string;
  /** Names of the overwritten operands, then of those only read; the kernels of `twins` take them in this order. */
  readonly writes: readonly string[];
  readonly reads: readonly string[];
  readonly floats: readonly string[];
  readonly wgsl: string;
  /** In the order in which they run; each sees what the ones before wrote. */
  readonly twins: readonly { readonly writes: number; readonly kernel: GpuKernel }[];
}
