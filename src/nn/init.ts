/**
 * Initial values, as mmpretrain trains MobileOne: convolutions Kaiming normal by fan_out, classifier Normal(0, 0.01²),
 * normalisations 1 and 0, biases 0. Source: mmpretrain's mobileone.py init_cfg and LinearClsHead (docs/recipe.md 1.5).
 * Every parameter draws from its own stream of the generator, so values do not depend on the order of drawing.
 */
import { newArray, type TypedArray } from "../tensor/dtype.js";
import { generator, Random } from "../tensor/random.js";
import { type Shape, sizeOf } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import type { Module } from "./module.js";
import { type LayerOptions, type ParameterRole, persistent } from "./parameter.js";

/** LinearClsHead's init_cfg. */
const LINEAR_STD = 0.01;
/** Kaiming's gain for ReLU. */
const RELU_GAIN = Math.SQRT2;

/** How each role starts: a constant, or the standard deviation of a normal distribution for a weight of that shape. */
const rules: { readonly [R in ParameterRole]: { value: number } | { std: (shape: Shape) => number } } = {
  // fan_out = KH·KW·Cout, not divided by groups: depthwise weights start small (docs/recipe.md 5.8)
  convWeight: { std: ([kh, kw, , cOut]) => RELU_GAIN / Math.sqrt(kh! * kw! * cOut!) },
  linearWeight: { std: () => LINEAR_STD },
  bias: { value: 0 },
  normScale: { value: 1 },
  normShift: { value: 0 },
};

function initialValues(role: ParameterRole, shape: Shape, dtype: Tensor["dtype"], random: () => Random): TypedArray {
  const values = newArray(dtype, sizeOf(shape));
  const rule = rules[role];
  if ("value" in rule) return values.fill(rule.value);
  const std = rule.std(shape);
  const generator = random();
  for (let i = 0; i < values.length; i++) values[i] = std * generator.normal();
  return values;
}

/** A persistent tensor with the initial values of its role. */
export function initialTensor(
  role: ParameterRole,
  shape: Shape,
  { dtype = "float32", init = "random" }: LayerOptions,
): Tensor {
  const isLeftToCaller = init === "zeros" && "std" in rules[role];
  return persistent(
    shape,
    dtype,
    isLeftToCaller
      ? 0
      : initialValues(role, shape, dtype, () => {
          const { seed, stream } = generator.take();
          return new Random(seed, stream);
        }),
  );
}

/** Draws every parameter of `model` anew; parameter i in state-dict order uses stream i of `seed`. */
export function initialize(model: Module, { seed = 0 }: { readonly seed?: number } = {}): void {
  let stream = 0;
  for (const { tensor, role } of model.namedParameters().values()) {
    const own = stream++;
    tensor.write(initialValues(role, tensor.shape, tensor.dtype, () => new Random(seed, own)));
  }
}
