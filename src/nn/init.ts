/**
 * Initial values. Layers start as PyTorch's do: weights of convolutions and linear layers, and their biases, uniform within
 * 1/√fan_in (reset_parameters of torch.nn.Conv2d and torch.nn.Linear: Kaiming uniform with a = √5), normalisations 1 and 0.
 * A network with other rules gives them to initialize(). Every parameter draws from its own stream of the generator, so values
 * do not depend on the order of drawing.
 */
import { newArray, type TypedArray } from "../tensor/dtype.js";
import { generator, Random } from "../tensor/random.js";
import { type Shape, sizeOf } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import type { Module } from "./module.js";
import { type LayerOptions, type ParameterRole, persistent } from "./parameter.js";

/**
 * How a parameter starts: a constant, the deviation of a normal distribution, the bound of a uniform one around 0, or as whoever made it
 * has left it.
 */
export type InitRule =
  | { readonly value: number }
  | { readonly keep: true }
  | { readonly std: (shape: Shape, fanIn: number) => number }
  | { readonly bound: (shape: Shape, fanIn: number) => number };
/** A rule for each role. fanIn is the number of inputs that one output of the layer sums. */
export type InitRules = { readonly [R in ParameterRole]: InitRule };

const withinFanIn: InitRule = { bound: (_, fanIn) => 1 / Math.sqrt(fanIn) };

/** PyTorch's own, of every layer that is not told otherwise. */
export const defaultInit: InitRules = {
  convWeight: withinFanIn,
  linearWeight: withinFanIn,
  // torch.nn.Embedding: standard normal
  embedding: { std: () => 1 },
  bias: withinFanIn,
  normScale: { value: 1 },
  normShift: { value: 0 },
  other: { keep: true },
};

interface Draw {
  readonly shape: Shape;
  readonly dtype: Tensor["dtype"];
  readonly fanIn: number;
}

type DrawnRule = Exclude<InitRule, { readonly keep: true }>;

function initialValues(rule: DrawnRule, { shape, dtype, fanIn }: Draw, random: () => Random): TypedArray {
  const values = newArray(dtype, sizeOf(shape));
  if ("value" in rule) return values.fill(rule.value);
  const generator = random();
  if ("std" in rule) {
    const std = rule.std(shape, fanIn);
    for (let i = 0; i < values.length; i++) values[i] = std * generator.normal();
    return values;
  }
  const bound = rule.bound(shape, fanIn);
  for (let i = 0; i < values.length; i++) values[i] = bound * (2 * generator.uniform() - 1);
  return values;
}

/** A persistent tensor with the initial values of its role, in a layer whose outputs sum `fanIn` inputs each. */
export function initialTensor(
  role: Exclude<ParameterRole, "other">,
  shape: Shape,
  { dtype = "float32", init = "random" }: LayerOptions,
  fanIn = 1,
): Tensor {
  const rule = defaultInit[role] as DrawnRule;
  const isLeftToCaller = init === "zeros" && !("value" in rule);
  return persistent(
    shape,
    dtype,
    isLeftToCaller
      ? 0
      : initialValues(rule, { shape, dtype, fanIn }, () => {
          const { seed, stream } = generator.take();
          return new Random(seed, stream);
        }),
  );
}

/** The seed and the rules of initial weights. */
export interface InitializeOptions {
  /** Default 0. */
  readonly seed?: number;
  /** Default: PyTorch's. */
  readonly rules?: InitRules;
}

/** Draws every parameter of `model` anew; parameter i in state-dict order uses stream i of `seed`. */
export function initialize(model: Module<unknown>, { seed = 0, rules = defaultInit }: InitializeOptions = {}): void {
  let stream = 0;
  for (const { tensor, role, fanIn = 1 } of model.namedParameters().values()) {
    const own = stream++;
    const { shape, dtype } = tensor;
    const rule = rules[role];
    if (!("keep" in rule)) tensor.write(initialValues(rule, { shape, dtype, fanIn }, () => new Random(seed, own)));
  }
}
