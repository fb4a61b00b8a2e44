/**
 * Runs the cases of special-values.json on a backend, which may be asynchronous, and judges what comes out. Knows no test
 * runner.
 */
import { gradientsOf } from "../../src/autograd/backward.js";
import { type Backend, withBackend } from "../../src/backends/backend.js";
import { referenceBackend } from "../../src/backends/reference/index.js";
import { add, clamp, mul, nn, scope, sum, type Tensor, type TypedArray, tensor } from "../../src/index.js";
import { apply, update } from "../../src/ops/apply.js";
import { type OpName, type UpdateAttrs, type UpdateName, updateWrites } from "../../src/ops/spec/index.js";
import { type DType, newArray } from "../../src/tensor/dtype.js";
import type { Shape } from "../../src/tensor/shape.js";
import type { Singles, SpecialCase } from "../golden/numbers/special-values.js";

export interface SpecialResult {
  readonly outputs: readonly TypedArray[];
  readonly gradients: readonly (TypedArray | null)[];
}

export interface SpecialBounds {
  /** Of a finite value, from the truth. */
  readonly ulps: number;
  /** A denormal number, given or expected, may count as zero. */
  readonly flushesDenormals?: boolean;
}

/** Places where a result here may differ from PyTorch's, with the reason. */
export interface Difference {
  readonly ops: readonly string[];
  readonly reason: string;
  /** Whether an element that failed is such a place. */
  readonly covers: (place: Place) => boolean;
}

export interface Place {
  readonly special: SpecialCase;
  readonly kind: "outputs" | "gradients";
  /** Which output, or the gradient of which input. */
  readonly result: number;
  readonly element: number;
  readonly actual: number;
  readonly expected: number;
}

function typed(values: readonly number[], dtype: DType): TypedArray {
  const array = newArray(dtype, values.length);
  array.set(values);
  return array;
}

/** What is called by another name than an op's. */
const composed: { readonly [name: string]: (xs: readonly Tensor[], attrs: SpecialCase["attrs"]) => Tensor } = {
  clamp: ([x], { low, high }) => clamp(x!, low as number, high as number),
  crossEntropy: ([x, labels], attrs) => nn.crossEntropy(x!, labels!, attrs),
};

function outputsOf({ op, attrs }: SpecialCase, xs: readonly Tensor[]): readonly Tensor[] {
  if (op in updateWrites) {
    const name = op as UpdateName;
    update(name, xs, attrs as unknown as UpdateAttrs<UpdateName>);
    return xs.slice(0, updateWrites[name]);
  }
  const compose = composed[op];
  return compose ? [compose(xs, attrs)] : (apply(op as OpName, xs, attrs as never) as readonly Tensor[]);
}

/** The gradients of the inputs that have one, for the given gradients of the outputs. */
function gradientsFrom(special: SpecialCase, xs: readonly Tensor[], ys: readonly Tensor[]): readonly (Tensor | null)[] {
  const given = (special.dys ?? []).flatMap((dy, i) => {
    const y = ys[i]!;
    return dy ? [{ y, dy: tensor(typed(dy, y.dtype), y.shape) }] : [];
  });
  if (given.length === 1) return gradientsOf(given[0]!.y, xs, { gradient: given[0]!.dy });
  return gradientsOf(given.map(({ y, dy }) => sum(mul(y, dy))).reduce(add), xs);
}

/** One case on the default backend. */
export async function runSpecial(special: SpecialCase): Promise<SpecialResult> {
  const outputs: Promise<TypedArray>[] = [];
  const gradients: (Promise<TypedArray> | null)[] = [];
  scope(() => {
    const xs = special.inputs.map(({ values, shape, dtype }, i) =>
      tensor(typed(values, dtype), shape, { dtype, requiresGrad: Boolean(special.gradients?.[i]) }),
    );
    const ys = outputsOf(special, xs);
    for (const y of ys) outputs.push(y.data());
    if (special.gradients) for (const dx of gradientsFrom(special, xs, ys)) gradients.push(dx ? dx.data() : null);
  });
  // judged as numbers, bigints too
  const numbers = (await Promise.all(outputs)).map((y) =>
    typeof y[0] === "bigint" ? Float64Array.from(y, Number) : y,
  );
  return { outputs: numbers, gradients: await Promise.all(gradients) };
}

const isNumber = (v: number): boolean => Number.isFinite(v) && v !== 0;
/** NaN, infinities and zeros by name and sign; "a number" for the rest, which are compared by distance. */
export const isSameClass = (a: number, b: number): boolean => (isNumber(a) && isNumber(b)) || Object.is(a, b);

const floatFormats = {
  float32: { mantissaBits: 23, smallest: 2 ** -149, smallestNormal: 2 ** -126 },
  float64: { mantissaBits: 52, smallest: Number.MIN_VALUE, smallestNormal: 2 ** -1022 },
} as const;
type Float = keyof typeof floatFormats;
const formatOf = (dtype: DType) => floatFormats[dtype as Float] as (typeof floatFormats)[Float] | undefined;

/** The distance to the next number of the dtype; 1 for integers. */
export function ulpOf(value: number, dtype: DType): number {
  const format = formatOf(dtype);
  if (!format) return 1;
  const magnitude = Math.max(Math.abs(value), format.smallestNormal);
  let exponent = Math.floor(Math.log2(magnitude));
  // log2 rounds
  if (2 ** exponent > magnitude) exponent--;
  return Math.max(2 ** (exponent - format.mantissaBits), format.smallest);
}

/** What subtracts nearly equal numbers: close to 0 it has the error of the largest beside it. */
const cancelling: Readonly<Record<Place["kind"], readonly string[]>> = {
  outputs: ["batchNorm", "batchNormEval", "layerNorm"],
  gradients: ["softmax", "logSoftmax", "crossEntropy", "batchNorm", "batchNormEval", "layerNorm"],
};

/** Gradients that cross 0 between −2 and −0.5, where they are the difference of terms of that size, per dy. */
const crossing = { ops: ["gelu", "silu", "hardswish", "mish"], from: -2, to: -0.5, terms: 0.25 } as const;

function crossingScale({ op, inputs, dys }: SpecialCase, element: number): number {
  const x = inputs[0]!.values[element]!;
  const isThere = (crossing.ops as readonly string[]).includes(op) && x > crossing.from && x < crossing.to;
  return isThere ? crossing.terms * Math.abs(dys![0]![element]!) : 0;
}

const largestOf = (values: readonly number[]): number =>
  values.reduce((largest, v) => (Number.isFinite(v) ? Math.max(largest, Math.abs(v)) : largest), 0);

function isRight(
  actual: number,
  expected: number,
  own: number | undefined,
  dtype: DType,
  distance: number,
  { ulps }: SpecialBounds,
): boolean {
  const isClose = (other: number, distance: number) =>
    isSameClass(actual, other) && (!isNumber(other) || Math.abs(actual - other) <= distance);
  if (!formatOf(dtype)) return actual === expected;
  if (isClose(expected, distance)) return true;
  if (own !== undefined) {
    // where PyTorch's own float32 is elsewhere, so may be a result here: as far from the truth as that, or the same
    if (isClose(own, ulps * ulpOf(own, dtype))) return true;
    if (isClose(expected, Math.max(distance, ulps * Math.abs(own - expected)))) return true;
  }
  return false;
}

/** Every element of a result that is wrong. */
export function failuresOf(special: SpecialCase, result: SpecialResult, bounds: SpecialBounds): Place[] {
  const failures: Place[] = [];
  const judge = (
    kind: Place["kind"],
    number: number,
    actual: TypedArray,
    expected: readonly number[],
    own: Singles,
    dtype: DType,
  ): void => {
    const scale = cancelling[kind].includes(special.op) ? largestOf(expected) : 0;
    const flushed = bounds.flushesDenormals ? (formatOf(dtype)?.smallestNormal ?? 0) : 0;
    expected.forEach((value, element) => {
      const place = { special, kind, result: number, element, actual: actual[element]!, expected: value };
      const ofTerms = kind === "gradients" ? crossingScale(special, element) : 0;
      const distance = bounds.ulps * ulpOf(Math.max(scale, ofTerms, Math.abs(value)), dtype);
      if (isRight(place.actual, value, own.get(`${number}/${element}`), dtype, distance, bounds)) return;
      if (Math.abs(place.actual) < flushed && Math.abs(value) < flushed) return;
      failures.push(place);
    });
  };
  special.outputs.forEach(({ values, dtype }, i) => {
    judge("outputs", i, result.outputs[i]!, values, special.single.outputs, dtype);
  });
  special.gradients?.forEach((values, i) => {
    const actual = result.gradients[i];
    if (values)
      judge("gradients", i, actual ?? newArray("float32", 0), values, special.single.gradients, special.dtype);
  });
  return failures;
}

const show = (v: number | undefined): string => (Object.is(v, -0) ? "-0" : String(v));

/** One line about a failure: op, operands at the place, both numbers. */
export function describeFailure({ special, kind, result, element, actual, expected }: Place): string {
  const { op, dtype, attrs, inputs, dys, outputs } = special;
  const at = (values: readonly number[], shape: Shape): string =>
    values.length === outputs[0]!.values.length || shape.length === 0 ? show(values[element]) : `[${values.map(show)}]`;
  const operands = inputs.map(({ values, shape }) => at(values, shape)).join(", ");
  const dy = kind === "gradients" ? `, dy ${dys!.map((values) => (values ? at(values, []) : "none")).join(", ")}` : "";
  const what = kind === "gradients" ? `gradient ${result}` : `output ${result}`;
  return `${op} ${dtype} ${JSON.stringify(attrs)} (${operands}${dy}), ${what} [${element}]: ${show(actual)}, expected ${show(expected)}`;
}

const isZero = (v: number): boolean => v === 0;
const isTiny = (v: number, dtype: DType): boolean => Math.abs(v) <= (formatOf(dtype)?.smallest ?? 0);

/** Where the definition here is another than PyTorch's, or PyTorch has none. */
export const definedDifferences: readonly Difference[] = [
  {
    ops: ["sign"],
    reason: "the sign of NaN is NaN, as in NumPy; PyTorch's is 0",
    covers: ({ actual, special, element }) => Number.isNaN(actual) && Number.isNaN(special.inputs[0]!.values[element]),
  },
  {
    ops: ["maximum", "minimum", "clamp"],
    reason: "−0 is below +0, as in IEEE 754-2019; PyTorch takes one or the other by the order of operands",
    covers: ({ kind, actual, expected }) => kind === "outputs" && isZero(actual) && isZero(expected),
  },
  {
    ops: ["hardswish", "elu"],
    reason: "the slope at NaN is NaN; PyTorch's is 1 where it goes element by element, NaN where it goes by vectors",
    covers: ({ kind, actual, special, element }) =>
      kind === "gradients" && Number.isNaN(actual) && Number.isNaN(special.inputs[0]!.values[element]),
  },
  {
    ops: ["hardsigmoid"],
    reason: "PyTorch's factor of 1/6 in float64 is that of float32",
    covers: ({ kind, special, actual, expected }) =>
      kind === "gradients" && special.dtype === "float64" && Math.abs(actual / expected - 1) < 2 ** -24,
  },
  {
    ops: ["acosh"],
    reason: "the slope at −1, where there is no value, is an infinity of either sign",
    covers: ({ kind, special, element }) => kind === "gradients" && special.inputs[0]!.values[element] === -1,
  },
  {
    ops: ["fmod", "remainder", "floorDivide"],
    reason: "the rest of a far quotient is exact; PyTorch's vectors give NaN",
    covers: ({ expected, special, element }) =>
      Number.isNaN(expected) && special.inputs.every(({ values }) => Number.isFinite(values[element])),
  },
  {
    ops: ["lerp", "softmax", "logSoftmax", "batchNorm", "batchNormEval", "layerNorm"],
    reason:
      "the sign of a zero sum, and whether the smallest denormal is left, depend on fused multiply-adds and order",
    covers: ({ special, kind, actual, expected }) =>
      (kind === "gradients" || special.op === "lerp") &&
      isTiny(actual, special.dtype) &&
      isTiny(expected, special.dtype),
  },
  {
    ops: ["conv2d"],
    reason: "padding may be zeros that are multiplied, and 0 · ∞ is NaN; PyTorch does so in some convolutions only",
    covers: ({ special, kind, result, actual }) =>
      kind === "gradients" &&
      result === 0 &&
      Number.isNaN(actual) &&
      special.inputs[1]!.values.some((w) => !Number.isFinite(w)),
  },
];

/** The failures of many cases on a backend that no difference covers. */
export const specialFailures = (
  backend: Backend,
  cases: readonly SpecialCase[],
  bounds: SpecialBounds,
  differences: readonly Difference[] = definedDifferences,
): Promise<Place[]> =>
  withBackend(backend, async () => {
    const failures: Place[] = [];
    for (const special of cases) failures.push(...failuresOf(special, await runSpecial(special), bounds));
    return failures.filter((place) => !differences.some((d) => d.ops.includes(place.special.op) && d.covers(place)));
  });

/** The same case with what the reference gives as the truth. */
export async function judged(special: SpecialCase): Promise<SpecialCase> {
  const { outputs, gradients } = await withBackend(referenceBackend, () => runSpecial(special));
  return {
    ...special,
    outputs: outputs.map((values, i) => ({ ...special.outputs[i]!, values: [...values] })),
    ...(special.gradients && { gradients: gradients.map((values) => values && [...values]) }),
  };
}
