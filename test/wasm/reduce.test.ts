import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { setBackend } from "../../src/backends/backend.js";
import { referenceBackend } from "../../src/backends/reference/index.js";
import { createWasmBackend, type WasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import { apply, type Runner } from "../../src/ops/apply.js";
import type { Attrs } from "../../src/ops/spec/index.js";
import { allocate } from "../../src/tensor/create.js";
import type { TypedArray } from "../../src/tensor/dtype.js";
import { Random } from "../../src/tensor/random.js";
import { scope } from "../../src/tensor/scope.js";
import { type Shape, sizeOf } from "../../src/tensor/shape.js";
import { relativeError } from "../conformance/numbers.js";

let backends: WasmBackend[];
beforeAll(async () => {
  await setBackend("reference");
  backends = [createWasmBackend({ threads: 1 }), createWasmBackend({ threads: 2 })];
});
afterAll(() => Promise.all(backends.map((backend) => backend.dispose())));

type Fold = "sum" | "mean" | "max" | "min";
const normals = (size: number, shift: number): Float32Array => {
  const random = new Random(2);
  return Float32Array.from({ length: size }, () => shift + random.normal());
};
const run = (on: Runner, op: Fold, shape: Shape, attrs: Attrs<"sum">, values: Float32Array): TypedArray =>
  scope(() => apply(op, [allocate(shape, "float32", on).write(values)], attrs)[0].dataSync());

describe("reductions", () => {
  const cases: readonly (readonly [Shape, readonly number[]])[] = [
    [[300_000], [0]],
    [[3, 140_001], [1]],
    [[140_001, 3], [0]],
    [
      [2, 70, 33, 21],
      [0, 1, 2],
    ],
    [
      [2, 70, 33, 21],
      [1, 2],
    ],
    [
      [2, 70, 33, 21],
      [0, 1, 2, 3],
    ],
    [
      [5, 1, 40, 1, 7],
      [0, 3, 4],
    ],
    [[40, 5000], [0]],
  ];
  for (const [shape, axes] of cases)
    it(`[${shape}] over [${axes}]`, () => {
      const attrs = { axes, keepDims: false };
      for (const shift of [0, 10]) {
        const values = normals(sizeOf(shape), shift);
        for (const op of ["sum", "mean", "max", "min"] as const) {
          const expected = run(referenceBackend, op, shape, attrs, values);
          const [one, two] = backends.map((backend) => run(backend, op, shape, attrs, values));
          expect(relativeError(one!, expected), op).toBeLessThan(shift === 0 ? 3e-6 : 3e-7);
          expect(Buffer.compare(Buffer.from(one!.buffer), Buffer.from(two!.buffer)), op).toBe(0);
        }
      }
    });

  it("finds NaN in a maximum, wherever it lies", () => {
    for (const at of [0, 5, 18]) {
      const values = new Float32Array(19).fill(1);
      values[at] = Number.NaN;
      for (const shape of [[19], [19, 1]])
        for (const op of ["max", "min"] as const) {
          const x = allocate(shape, "float32", backends[0]!).write(values);
          expect(apply(op, [x], { axes: [0], keepDims: false })[0].dataSync()[0]).toBeNaN();
        }
    }
  });

  it("gives the first NaN, or the first of equal values, as the index of the largest", () => {
    const index = (...values: number[]) => {
      const x = allocate([values.length], "float32", backends[0]!).write(Float32Array.from(values));
      return apply("argmax", [x], { axis: 0 })[0].dataSync()[0];
    };
    expect([index(1, 3, 3, 2), index(Number.NaN, 5, Number.NaN), index(1, Number.NaN, 2), index(-1)]).toEqual([
      1, 0, 1, 0,
    ]);
  });

  it("keeps softmax finite for large inputs, and normalised", () => {
    const values = Float32Array.from({ length: 2 * 1003 }, (_, i) => ((i * 37) % 1003) * 100 - 30_000);
    const x = allocate([2, 1003], "float32", backends[1]!).write(values);
    const y = apply("softmax", [x], { axis: 1 })[0].dataSync() as Float32Array;
    const logY = apply("logSoftmax", [x], { axis: 1 })[0].dataSync() as Float32Array;
    expect(y.subarray(0, 1003).reduce((a, b) => a + b)).toBeCloseTo(1, 6);
    expect(logY.every(Number.isFinite)).toBe(true);
    expect(Math.max(...logY)).toBeCloseTo(0, 6);
  });
});
