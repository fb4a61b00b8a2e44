/** Every op on the code that other machines get: no FMA and no shared memory; paired vectors, as under turbo. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { setBackend } from "../../src/backends/backend.js";
import { referenceBackend } from "../../src/backends/reference/index.js";
import { wasmKernels } from "../../src/backends/wasm/kernels/index.js";
import { createWasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import { apply, type Runner } from "../../src/ops/apply.js";
import type { Attrs } from "../../src/ops/spec/index.js";
import { allocate } from "../../src/tensor/create.js";
import type { TypedArray } from "../../src/tensor/dtype.js";
import { scope } from "../../src/tensor/scope.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import { type Case, cases, dtypeOfInput, type GridOp } from "../conformance/cases/index.js";
import { relativeError, valuesOf } from "../conformance/numbers.js";

/** The conformance suite's bar. */
const TOLERANCE = 1e-5;

const backends = {
  "mul and add, memory not shared": createWasmBackend({
    threads: 1,
    target: { fma: false, fences: false, shared: false },
  }),
  "paired vectors": createWasmBackend({ threads: 2, target: { lanes: 8 } }),
};
beforeAll(async () => {
  await setBackend("reference");
});
afterAll(() => Promise.all(Object.values(backends).map((backend) => backend.dispose())));

const outputsOf = (on: Runner, op: GridOp, { inputs, attrs }: Case<Attrs<GridOp>>): TypedArray[] =>
  scope(() => {
    const xs = inputs.map((spec, i) => {
      const dtype = dtypeOfInput(spec, "float32");
      return allocate(spec.shape, dtype, on).write(valuesOf(spec, 11 + i, "float32"));
    });
    return (apply(op, xs, attrs) as readonly Tensor[]).map((y) => y.dataSync());
  });

describe.each(Object.entries(backends))("%s", (_, backend) => {
  for (const op of Object.keys(wasmKernels) as GridOp[])
    it(op, () => {
      for (const one of cases[op] as readonly Case<Attrs<GridOp>>[]) {
        const expected = outputsOf(referenceBackend, op, one);
        outputsOf(backend, op, one).forEach((values, i) => {
          expect(relativeError(values, expected[i]!), `output ${i} of ${JSON.stringify(one)}`).toBeLessThan(TOLERANCE);
        });
      }
    });
});
