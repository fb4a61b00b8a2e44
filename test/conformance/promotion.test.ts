/**
 * Mixed dtypes, integers and casts against PyTorch's numbers (golden/numbers/promotion.json) on reference and wasm: result
 * dtype and values of every pair of dtypes, with axes, without, and numbers; and what is refused, by name.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type Backend, withBackend } from "../../src/backends/backend.js";
import { referenceBackend } from "../../src/backends/reference/index.js";
import { createWasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import * as T from "../../src/index.js";
import { elementOf, isFloat, newArray } from "../../src/tensor/dtype.js";

/** A number JSON has no word for is a string; values of bool are booleans. */
type Written = number | string | boolean;
type WrittenOperand = Written | readonly [dtype: T.DType, shape: T.Shape, values: readonly Written[]];
type Row = readonly [
  op: string,
  operands: readonly WrittenOperand[],
  result: readonly [dtype: T.DType, values: readonly Written[]] | null,
  target?: T.DType,
];

const file = join(import.meta.dirname, "..", "golden", "numbers", "promotion.json");
type GradientRow = readonly [
  op: string,
  operands: readonly WrittenOperand[],
  gradients: readonly (Exclude<WrittenOperand, Written> | null)[],
];
const { rows, gradients } = JSON.parse(readFileSync(file, "utf8")) as {
  readonly rows: readonly Row[];
  readonly gradients: readonly GradientRow[];
};

/** Units in the last place by which exp, pow and the like may differ from PyTorch's. */
const ULPS = 4;
const EPSILON = { float32: 2 ** -23, float64: 2 ** -52 } as const;

/** Every written operand as the engine's; values go in exactly. */
function operandOf(written: WrittenOperand): T.Operand {
  if (!Array.isArray(written)) return typeof written === "boolean" ? written : Number(written);
  const [dtype, shape, values] = written as Exclude<WrittenOperand, Written>;
  const array = newArray(dtype, values.length);
  values.forEach((value, i) => {
    array[i] = elementOf(dtype, dtype === "int64" ? BigInt(value) : Number(value));
  });
  return T.tensor(array, shape, { dtype });
}

/** Where a result has another dtype than PyTorch's, and why; its values are the same. */
const definedDTypes: { readonly [op: string]: { readonly [pytorch in T.DType]?: T.DType } } = {
  // indices are int32: positions in a tensor of less than 2^31 elements
  argmax: { int64: "int32" },
  argmin: { int64: "int32" },
  // truth is bool; PyTorch's is uint8 for uint8, from before it had bool
  any: { uint8: "bool" },
  all: { uint8: "bool" },
};

type Op = (...operands: readonly T.Operand[]) => T.Tensor;

/** The public function of a row's op. */
function functionOf(op: string, target: T.DType | undefined): Op {
  if (op === "concat") return (...xs) => T.concat(xs as T.Tensor[]);
  if (op === "stack") return (...xs) => T.stack(xs as T.Tensor[]);
  if (op === "sort") return (x, axis) => T.sort(x as T.Tensor, axis as number)[0];
  if (op === "cast") return (x) => T.cast(x as T.Tensor, target!);
  return (T as unknown as Record<string, Op>)[op]!;
}

function expectClose(actual: T.TypedArray, expected: readonly Written[], dtype: T.DType, label: string): void {
  expect(actual.length, label).toBe(expected.length);
  expected.forEach((written, i) => {
    const [value, wanted] = [actual[i]!, dtype === "int64" ? elementOf(dtype, BigInt(written)) : Number(written)];
    const isExact = !isFloat(dtype) || !Number.isFinite(wanted) || wanted === 0;
    if (isExact) expect(value, `${label} [${i}]`).toBe(wanted);
    else {
      const bound = ULPS * EPSILON[dtype as "float32" | "float64"] * Math.abs(wanted);
      expect(Math.abs(value - wanted), `${label} [${i}]: ${value}, not ${wanted}`).toBeLessThanOrEqual(bound);
    }
  });
}

function check([op, operands, result, target]: Row): void {
  const label = JSON.stringify([op, operands, target]).slice(0, 300);
  T.scope(() => {
    const compute = () => functionOf(op, target)(...operands.map(operandOf));
    if (result === null) {
      expect(compute, label).toThrow(T.DTypeError);
      return;
    }
    const y = compute();
    const dtype = definedDTypes[op]?.[result[0]] ?? result[0];
    expect(y.dtype, label).toBe(dtype);
    expectClose(y.dataSync(), result[1], dtype, label);
  });
}

/** Of the sum of the squares of the result: in each operand's own dtype, whatever the operands were promoted to. */
function checkGradients([op, operands, expected]: GradientRow): void {
  const label = JSON.stringify([op, operands]);
  T.scope(() => {
    const leaves = operands.map((written) => {
      const x = operandOf(written);
      if (x instanceof T.Tensor && isFloat(x.dtype)) x.requiresGrad = true;
      return x;
    });
    T.square(functionOf(op, undefined)(...leaves))
      .sum()
      .backward();
    expected.forEach((gradient, i) => {
      const x = leaves[i]!;
      const found = x instanceof T.Tensor ? x.grad : null;
      if (gradient === null) expect(found, label).toBeNull();
      else {
        expect(found!.dtype, label).toBe(gradient[0]);
        expect(found!.shape, label).toEqual(gradient[1]);
        // without the signs of zeros, which are not about dtypes
        const unsigned = found!.dataSync().map((value) => value + 0);
        const wanted = gradient[2].map((value) => Number(value) + 0);
        expectClose(unsigned, wanted, gradient[0], label);
      }
    });
  });
}

const wasm = createWasmBackend({ threads: 1, poison: true });
afterAll(() => wasm.dispose());

const backends: readonly Backend[] = [referenceBackend, wasm];

describe.each(
  backends.map((backend) => [backend.name, backend] as const),
)("PyTorch's dtypes and values, %s", (_, backend) => {
  for (const op of [...new Set(rows.map(([name]) => name))])
    it(op, () =>
      withBackend(backend, () => {
        for (const row of rows) if (row[0] === op) check(row);
      }),
    );

  it("gradients come back in the operands' own dtypes", () =>
    withBackend(backend, () => {
      expect(gradients.length).toBeGreaterThan(0);
      for (const row of gradients) checkGradients(row);
    }));

  it("gradients of other dtypes from outside are cast", () =>
    withBackend(backend, () => {
      const x = T.tensor([1, 2], [2], { requiresGrad: true });
      const twice = T.customFunction<readonly [T.Tensor]>({
        name: "twice",
        forward: (v) => v.mul(T.tensor(Float64Array.of(2, 2))),
        backward: (dy) => [dy.mul(2)],
      });
      const y = twice(x);
      expect(y.dtype).toBe("float64");
      y.backward({ gradient: T.tensor([3, 4], [2], { dtype: "int32" }) });
      expect(x.grad!.dataSync()).toEqual(Float32Array.of(6, 8));
    }));
});
