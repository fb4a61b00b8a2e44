/** The cases of special-values.json, decoded; make-special-values.py beside it says what they are. */
import { readFileSync } from "node:fs";
import type { DType } from "../../../src/tensor/dtype.js";
import type { Shape } from "../../../src/tensor/shape.js";

export interface SpecialArray {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly values: readonly number[];
}

/** PyTorch's own float32 results that are of another class than the truth or far from it: "result/element" to value. */
export type Singles = ReadonlyMap<string, number>;

export interface SpecialCase {
  /** An op of ops/spec, an update, or a function of ops/functional or nn that composes them. */
  readonly op: string;
  /** Of every float operand. */
  readonly dtype: DType;
  readonly attrs: Readonly<Record<string, unknown>>;
  readonly inputs: readonly SpecialArray[];
  /** The truth: computed in float64, rounded to the dtype. Of an update, its operands afterwards. */
  readonly outputs: readonly SpecialArray[];
  /** The gradient that each output is given; null for one that takes no part. */
  readonly dys?: readonly (readonly number[] | null)[];
  /** What reaches each input; null for one without a gradient. */
  readonly gradients?: readonly (readonly number[] | null)[];
  readonly single: { readonly outputs: Singles; readonly gradients: Singles };
}

type Coded = number | "NaN" | "Infinity" | "-Infinity" | "-0";
/** Numbers, or the name of a list. */
type CodedList = string | readonly Coded[];
interface CodedArray {
  readonly shape: Shape;
  readonly dtype?: DType;
  readonly values: CodedList;
}
interface CodedCase {
  readonly op: string;
  readonly dtype: DType;
  readonly attrs: Readonly<Record<string, unknown>>;
  readonly inputs: readonly CodedArray[];
  readonly outputs: readonly CodedArray[];
  readonly dys?: readonly (CodedList | null)[];
  readonly gradients?: readonly (CodedList | null)[];
  readonly single?: { readonly [K in "outputs" | "gradients"]?: Readonly<Record<string, Coded>> };
}

const attrNumbers = new Set(["NaN", "Infinity", "-Infinity", "-0"]);
const decodeAttr = (value: unknown): unknown =>
  typeof value === "string" && attrNumbers.has(value) ? Number(value) : value;

/** Every case of the fixture. */
export function specialCases(): readonly SpecialCase[] {
  const file = new URL("special-values.json", import.meta.url);
  const { lists, cases } = JSON.parse(readFileSync(file, "utf8")) as {
    readonly lists: Readonly<Record<string, readonly Coded[]>>;
    readonly cases: readonly CodedCase[];
  };
  // Number("-0") is −0
  const decodeList = (list: CodedList) => (typeof list === "string" ? lists[list]! : list).map(Number);
  const decodeLists = (all: readonly (CodedList | null)[]) =>
    all.map((list) => (list === null ? null : decodeList(list)));
  const singles = (coded: Readonly<Record<string, Coded>> = {}): Singles =>
    new Map(Object.entries(coded).map(([place, value]) => [place, Number(value)]));
  return cases.map(({ op, dtype, attrs, inputs, outputs, dys, gradients, single }) => {
    const decodeArray = (array: CodedArray): SpecialArray => ({
      shape: array.shape,
      dtype: array.dtype ?? dtype,
      values: decodeList(array.values),
    });
    return {
      op,
      dtype,
      attrs: Object.fromEntries(Object.entries(attrs).map(([name, value]) => [name, decodeAttr(value)])),
      inputs: inputs.map(decodeArray),
      outputs: outputs.map(decodeArray),
      ...(dys && { dys: decodeLists(dys) }),
      ...(gradients && { gradients: decodeLists(gradients) }),
      single: { outputs: singles(single?.outputs), gradients: singles(single?.gradients) },
    };
  });
}
