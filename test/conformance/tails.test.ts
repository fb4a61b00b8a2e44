/**
 * Elementwise ops, and the reductions and moves that pick rather than add, on numbers of all magnitudes: wasm against the
 * reference, element by element. The norms of backends.test.ts would see the largest alone.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Backend } from "../../src/backends/backend.js";
import { createWasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import type { DType } from "../../src/tensor/dtype.js";
import { type Shape, sizeOf } from "../../src/tensor/shape.js";
import type { SpecialCase } from "../golden/numbers/special-values.js";
import { elementwise } from "./elementwise.js";
import { valuesOf } from "./numbers.js";
import { describeFailure, judged, specialFailures } from "./special.js";

/** Of a value. A gradient may be as far from the truth on either side. */
const MAX_ULPS = { outputs: 4, gradients: 8 };

/** Single lanes, a vector, several of them with a rest, several tasks. */
const shapes: readonly Shape[] = [[1], [3], [4], [5, 7], [33, 1025]];
const seeds = [1, 2, 3];

const inputOf = (shape: Shape, dtype: DType, seed: number) => ({
  shape,
  dtype,
  values: [...valuesOf({ shape, fill: "tails", dtype }, seed, dtype)],
});

function caseOf(op: string, dtype: DType, shape: Shape, seed: number, operands: number, outDType = dtype): SpecialCase {
  const hasGradient = dtype !== "int32" && !/equal|less|greater|argmax|floorDivide/i.test(op);
  return {
    op,
    dtype,
    attrs: {},
    inputs: Array.from({ length: operands }, (_, i) => inputOf(shape, dtype, seed + 17 * i)),
    outputs: [{ shape, dtype: outDType, values: [] }],
    ...(hasGradient && {
      dys: [new Array<number>(sizeOf(shape)).fill(1)],
      gradients: Array.from({ length: operands }, () => []),
    }),
    single: { outputs: new Map(), gradients: new Map() },
  };
}

describe("tails", () => {
  let wasm: Backend;
  beforeAll(() => {
    wasm = createWasmBackend({ threads: 2 });
  });
  afterAll(async () => {
    await wasm.dispose?.();
  });

  async function expectRight(cases: readonly SpecialCase[]): Promise<void> {
    for (const special of cases) {
      const truth = await judged(special);
      for (const kind of ["outputs", "gradients"] as const) {
        const failures = await specialFailures(wasm, [truth], { ulps: MAX_ULPS[kind] }, []);
        expect(failures.filter((place) => place.kind === kind).map(describeFailure)).toEqual([]);
      }
    }
  }

  for (const [op, [operands, takesIntegers]] of Object.entries(elementwise))
    it(op, async () => {
      const dtypes: readonly DType[] = takesIntegers ? ["float32", "float64", "int32"] : ["float32", "float64"];
      await expectRight(
        dtypes.flatMap((dtype) =>
          shapes.flatMap((shape) => seeds.map((seed) => caseOf(op, dtype, shape, seed, operands))),
        ),
      );
    });

  for (const op of ["max", "min", "argmax"])
    it(op, async () => {
      await expectRight(
        ([0, 1] as const).flatMap((axis) =>
          (["float32", "float64", "int32"] as const).flatMap((dtype) =>
            [1, 3, 5, 37].map((length): SpecialCase => {
              const shape = axis === 0 ? [length, 300] : [300, length];
              const {
                dys: _,
                gradients: __,
                ...special
              } = caseOf(op, dtype, shape, length, 1, op === "argmax" ? "int32" : dtype);
              return {
                ...special,
                attrs: op === "argmax" ? { axis } : { axes: [axis], keepDims: false },
                outputs: [{ ...special.outputs[0]!, shape: [300] }],
              };
            }),
          ),
        ),
      );
    });
});
