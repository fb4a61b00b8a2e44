/** Functions of one, two and three operands element by element, with broadcasting. */
import * as T from "../../../src/index.js";
import type { Row } from "../case.js";
import { type Draw, python, type Range } from "../draw.js";

type Unary = (x: T.Tensor) => T.Tensor;
type Binary = (a: T.Operand, b: T.Operand) => T.Tensor;

const unary =
  (ours: Unary, torch: string, range: Range = {}): Row =>
  (d) =>
    d.float(d.shape(0, 4), range).call(ours, `torch.${torch}(a)`);

/** Two operands that broadcast either way; one of them may be a number. */
const binary =
  (ours: Binary, torch: string, left: Range = {}, right: Range = {}): Row =>
  (d) => {
    const shape = d.shape(0, 4);
    const number = d.real(right.low ?? -2, right.high ?? 2);
    if (d.chance(0.15))
      return d.float(shape, left).call((a) => ours(a, number), `torch.${torch}(a, ${tensorOf(number)})`);
    const [one, other] = d.chance() ? [shape, d.broadcastable(shape)] : [d.broadcastable(shape), shape];
    return d.float(one, left).float(other, right).call(ours, `torch.${torch}(a, b)`);
  };

/** A number as a tensor of a's dtype. */
const tensorOf = (number: number): string => `torch.tensor(${number}, dtype=a.dtype)`;

/** Results without a gradient. */
const comparison =
  (ours: Binary, torch: string): Row =>
  (d) => {
    const shape = d.shape(0, 4);
    return d.fixed(shape).fixed(d.broadcastable(shape)).call(ours, `torch.${torch}(a, b)`);
  };

const logical =
  (ours: (a: T.Tensor, b: T.Tensor) => T.Tensor, torch: string): Row =>
  (d) => {
    const shape = d.shape(0, 4);
    return d.bools(shape).bools(d.broadcastable(shape)).call(ours, `torch.${torch}(a, b)`);
  };

/** Of whole numbers of an integer dtype; counts of shifts are any, as they wrap. */
const bitwise =
  (ours: Binary, torch: string): Row =>
  (d) => {
    const shape = d.shape(0, 4);
    const dtype = d.pick("int32", "int64", "uint8");
    const range = { low: dtype === "uint8" ? 0 : -200, high: 200 };
    return d
      .fixed(shape, range)
      .fixed(d.broadcastable(shape), range)
      .call(
        (a, b) => ours(T.cast(a, dtype), T.cast(b, dtype)),
        `torch.${torch}(a.to(torch.${dtype}), b.to(torch.${dtype}))`,
      );
  };

/** Away from 0 by a quarter, of both signs: a remainder is not smooth where the quotient is whole. */
const divisor = (d: Draw): Range => (d.chance() ? { low: 0.3, high: 3 } : { low: -3, high: -0.3 });

const exponents: Row = (d) => {
  const shape = d.shape(0, 4);
  if (d.chance(0.3)) {
    const exponent = d.pick(0, 1, 2, 3, -1, -2, 0.5, -0.5, 1.7);
    const range = Number.isInteger(exponent) ? {} : { low: 0.1, high: 4 };
    return d.float(shape, range).call((a) => T.pow(a, exponent), `torch.pow(a, ${exponent})`);
  }
  if (d.chance(0.2)) {
    const base = d.real(0.2, 3);
    return d.float(shape, { low: -3, high: 3 }).call((a) => T.pow(base, a), `torch.pow(${base}, a)`);
  }
  return d
    .float(shape, { low: 0.1, high: 4 })
    .float(d.broadcastable(shape), { low: -3, high: 3 })
    .call(T.pow, "torch.pow(a, b)");
};

export const elementwise = {
  neg: unary(T.neg, "neg"),
  abs: unary(T.abs, "abs"),
  sign: unary(T.sign, "sign"),
  floor: unary(T.floor, "floor"),
  ceil: unary(T.ceil, "ceil"),
  round: unary(T.round, "round"),
  trunc: unary(T.trunc, "trunc"),
  exp: unary(T.exp, "exp", { high: 20 }),
  log: unary(T.log, "log", { low: 1e-4 }),
  sqrt: unary(T.sqrt, "sqrt", { low: 1e-4 }),
  rsqrt: unary(T.rsqrt, "rsqrt", { low: 1e-4 }),
  square: unary(T.square, "square"),
  reciprocal: unary(T.reciprocal, "reciprocal"),
  sin: unary(T.sin, "sin"),
  cos: unary(T.cos, "cos"),
  tanh: unary(T.tanh, "tanh"),
  sigmoid: unary(T.sigmoid, "sigmoid"),
  relu: unary(T.relu, "relu"),
  erf: unary(T.erf, "erf"),
  tan: unary(T.tan, "tan", { low: -1.4, high: 1.4 }),
  asin: unary(T.asin, "asin", { low: -0.98, high: 0.98 }),
  acos: unary(T.acos, "acos", { low: -0.98, high: 0.98 }),
  atan: unary(T.atan, "atan"),
  sinh: unary(T.sinh, "sinh", { low: -10, high: 10 }),
  cosh: unary(T.cosh, "cosh", { low: -10, high: 10 }),
  asinh: unary(T.asinh, "asinh"),
  acosh: unary(T.acosh, "acosh", { low: 1.01, high: 50 }),
  atanh: unary(T.atanh, "atanh", { low: -0.98, high: 0.98 }),
  log1p: unary(T.log1p, "log1p", { low: -0.98 }),
  expm1: unary(T.expm1, "expm1", { high: 20 }),
  log2: unary(T.log2, "log2", { low: 1e-4 }),
  log10: unary(T.log10, "log10", { low: 1e-4 }),
  exp2: unary(T.exp2, "exp2", { high: 20 }),
  isNaN: (d) => d.fixed(d.shape(0, 3)).call((a) => T.isNaN(T.div(a, a)), "torch.isnan(a / a)"),
  isInf: (d) => d.fixed(d.shape(0, 3)).call((a) => T.isInf(T.div(1, a)), "torch.isinf(1 / a)"),
  isFinite: (d) => d.fixed(d.shape(0, 3)).call((a) => T.isFinite(T.div(1, a)), "torch.isfinite(1 / a)"),
  add: binary(T.add, "add"),
  sub: binary(T.sub, "sub"),
  mul: binary(T.mul, "mul"),
  div: binary(T.div, "div"),
  pow: exponents,
  maximum: binary(T.maximum, "maximum"),
  minimum: binary(T.minimum, "minimum"),
  atan2: binary(T.atan2, "atan2", { low: 0.1 }, {}),
  fmod: (d) => {
    const shape = d.shape(0, 4);
    return d
      .float(shape, { low: -5, high: 5 })
      .float(d.broadcastable(shape), divisor(d))
      .call(T.fmod, "torch.fmod(a, b)");
  },
  remainder: (d) => {
    const shape = d.shape(0, 4);
    return d
      .float(shape, { low: -5, high: 5 })
      .float(d.broadcastable(shape), divisor(d))
      .call(T.remainder, "torch.remainder(a, b)");
  },
  floorDivide: (d) => {
    const shape = d.shape(0, 4);
    return d
      .fixed(shape, { low: -5, high: 5 })
      .fixed(d.broadcastable(shape), divisor(d))
      .call(T.floorDivide, "torch.floor_divide(a, b)");
  },
  equal: comparison(T.equal, "eq"),
  notEqual: comparison(T.notEqual, "ne"),
  less: comparison(T.less, "lt"),
  lessEqual: comparison(T.lessEqual, "le"),
  greater: comparison(T.greater, "gt"),
  greaterEqual: comparison(T.greaterEqual, "ge"),
  logicalAnd: logical(T.logicalAnd, "logical_and"),
  logicalOr: logical(T.logicalOr, "logical_or"),
  logicalXor: logical(T.logicalXor, "logical_xor"),
  bitwiseAnd: bitwise(T.bitwiseAnd, "bitwise_and"),
  bitwiseOr: bitwise(T.bitwiseOr, "bitwise_or"),
  bitwiseXor: bitwise(T.bitwiseXor, "bitwise_xor"),
  bitwiseNot: (d) =>
    d.fixed(d.shape(0, 4)).call((a) => T.bitwiseNot(T.cast(a, "int32")), "torch.bitwise_not(a.to(torch.int32))"),
  bitwiseLeftShift: bitwise(T.bitwiseLeftShift, "bitwise_left_shift"),
  bitwiseRightShift: bitwise(T.bitwiseRightShift, "bitwise_right_shift"),
  logicalNot: (d) => d.bools(d.shape(0, 4)).call(T.logicalNot, "torch.logical_not(a)"),
  where: (d) => {
    const shape = d.shape(0, 4);
    if (d.chance(0.2)) {
      const other = d.real(-2, 2);
      return d
        .bools(shape)
        .float(shape)
        .call(
          (mask, x) => T.where(mask, x, other),
          `torch.where(a, b, ${tensorOf(other).replace("a.dtype", "b.dtype")})`,
        );
    }
    return d
      .bools(d.broadcastable(shape))
      .float(shape)
      .float(d.broadcastable(shape))
      .call(T.where, "torch.where(a, b, c)");
  },
  clamp: (d) => {
    const [low, high] = [d.pick(d.real(-1.5, 0.5), -Infinity), d.pick(d.real(0.5, 2), Infinity)];
    return d.float(d.shape(0, 4)).call((a) => T.clamp(a, low, high), `torch.clamp(a, ${python(low)}, ${python(high)})`);
  },
  lerp: (d) => {
    const shape = d.shape(0, 4);
    if (d.chance()) {
      const weight = d.real(-0.5, 1.5);
      return d
        .float(shape)
        .float(shape)
        .call((a, b) => T.lerp(a, b, weight), `torch.lerp(a, b, ${weight})`);
    }
    return d.float(shape).float(shape).float(shape).call(T.lerp, "torch.lerp(a, b, c)");
  },
  cast: (d) => {
    const dtype = d.pick("int32", "bool", "int64");
    const range = { low: -100, high: 100 };
    return d.fixed(d.shape(0, 4), range).call((a) => T.cast(a, dtype), `a.to(torch.${dtype})`);
  },
} satisfies Readonly<Record<string, Row>>;

const curve =
  (ours: Unary, torch: string): Row =>
  (d) =>
    d.float(d.shape(0, 4)).call(ours, `F.${torch}(a)`);

const withNumber =
  (ours: (x: T.Tensor, number?: number) => T.Tensor, torch: string, low: number, high: number): Row =>
  (d) => {
    const number = d.option(d.real(low, high));
    return d
      .float(d.shape(0, 4))
      .call((a) => ours(a, number), `F.${torch}(a${number === undefined ? "" : `, ${number}`})`);
  };

export const activations = {
  gelu: (d) => {
    const approximate = d.pick("none", "tanh");
    return d.float(d.shape(0, 4)).call((a) => T.gelu(a, { approximate }), `F.gelu(a, approximate="${approximate}")`);
  },
  silu: curve(T.silu, "silu"),
  softplus: (d) => {
    const [beta, threshold] = [d.pick(1, 0.5, 3), d.pick(20, 2, 1)];
    return d
      .float(d.shape(0, 4))
      .call((a) => T.softplus(a, { beta, threshold }), `F.softplus(a, ${beta}, ${threshold})`);
  },
  hardswish: curve(T.hardswish, "hardswish"),
  // F.hardsigmoid's own gradient takes 1/6 in float32, in float64 too (PyTorch 1.13)
  hardsigmoid: (d) => d.float(d.shape(0, 4)).call(T.hardsigmoid, "torch.clamp(a + 3, 0, 6) / 6"),
  leakyRelu: withNumber(T.leakyRelu, "leaky_relu", 0.001, 1.5),
  elu: withNumber(T.elu, "elu", 0.1, 2),
  selu: curve(T.selu, "selu"),
  celu: withNumber(T.celu, "celu", 0.1, 2),
  mish: curve(T.mish, "mish"),
  prelu: (d) => {
    const shape = d.shape(2, 4, 1);
    return d
      .float(shape)
      .float([d.chance() ? 1 : shape.at(-1)!])
      .call(T.prelu, "torch.where(a > 0, a, a * b)");
  },
  hardtanh: (d) => {
    const [low, high] = [d.real(-2, 0), d.real(0.1, 2)];
    return d.float(d.shape(0, 4)).call((a) => T.hardtanh(a, low, high), `F.hardtanh(a, ${low}, ${high})`);
  },
  relu6: curve(T.relu6, "relu6"),
  logSigmoid: curve(T.logSigmoid, "logsigmoid"),
  softsign: curve(T.softsign, "softsign"),
  tanhshrink: curve(T.tanhshrink, "tanhshrink"),
  hardshrink: withNumber(T.hardshrink, "hardshrink", 0, 1),
  softshrink: withNumber(T.softshrink, "softshrink", 0, 1),
  threshold: (d) => {
    const [limit, value] = [d.real(-1, 1), d.real(-3, 3)];
    return d
      .float(d.shape(0, 4))
      .call((a) => T.threshold(a, limit, value), `F.threshold(a, ${python(limit)}, ${python(value)})`);
  },
} satisfies Readonly<Record<string, Row>>;
