/**
 * Ops that draw: their definition, element by element, from Philox (tensor/random). Each draw has a stream of its own, whose
 * number is taken from the one generator when the op is called, at a replay as well; the same (seed, stream) gives the same
 * bits on every backend.
 */
import { newArray, type TypedArray } from "../tensor/dtype.js";
import { generator, Random } from "../tensor/random.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Resolved, resolveScalars, Scalar } from "./scalar.js";
import type { Attrs, RandomAttrs } from "./spec/index.js";

type Draw<A> = (random: Random, attrs: A) => number;

/** One element. */
export const randomOps: {
  readonly rand: Draw<Resolved<Attrs<"rand">>>;
  readonly randn: Draw<Resolved<Attrs<"randn">>>;
  readonly bernoulli: Draw<Resolved<Attrs<"bernoulli">>>;
} = {
  rand: (random) => random.uniform(),
  randn: (random) => random.normal(),
  bernoulli: (random, { p }) => (random.uniform() < p ? 1 : 0),
};

export type RandomOp = keyof typeof randomOps;

export const isRandom = (op: string): op is RandomOp => op in randomOps;

/** Fills `values` from the start of a stream. */
export function draw(op: RandomOp, attrs: Resolved<RandomAttrs>, values: TypedArray): void {
  const random = new Random(attrs.seed, attrs.stream);
  const next = randomOps[op] as Draw<Resolved<RandomAttrs>>;
  for (let i = 0; i < values.length; i++) values[i] = next(random, attrs);
}

/** Draws on the host and writes: for backends whose memory the host cannot reach. */
export function drawInto(op: RandomOp, attrs: RandomAttrs, y: Tensor): void {
  const values = newArray(y.dtype, y.size);
  draw(op, resolveScalars(attrs), values);
  y.write(values);
}

/** The seed and stream of the next draw: of the one generator, or the first stream of a seed of its own. */
export function nextStream(seed?: number): { readonly seed: Scalar; readonly stream: Scalar } {
  const from = seed === undefined ? generator.take() : { seed, stream: 0 };
  return { seed: new Scalar(from.seed), stream: new Scalar(from.stream) };
}
