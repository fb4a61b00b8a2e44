import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Backend, setBackend } from "../../src/backends/backend.js";
import { apply, update } from "../../src/ops/apply.js";
import type { UpdateAttrs, UpdateName } from "../../src/ops/spec/index.js";
import { allocate } from "../../src/tensor/create.js";
import type { TypedArray } from "../../src/tensor/dtype.js";
import { scope } from "../../src/tensor/scope.js";
import { relativeError, valuesOf } from "../conformance/numbers.js";
import { updateCases, updateNames } from "../conformance/update-cases.js";

let reference: Backend;
let backends: Backend[];
beforeAll(async () => {
  reference = await setBackend("reference");
  backends = [await setBackend("wasm", { threads: 1 }), await setBackend("wasm", { threads: 2 })];
});
afterAll(async () => {
  await Promise.all(backends.map((backend) => backend.dispose?.()));
});

const sizes = [1, 3, 4, 17, 48, 1000, 70001];

/** All operands after the update. */
function run<K extends UpdateName>(backend: Backend, op: K, size: number, attrs: UpdateAttrs<K>) {
  return scope((): TypedArray[] => {
    const operands = updateCases[op].fills.map((fill, i) =>
      allocate([size], "float32", backend).write(valuesOf({ shape: [size], fill }, size + i, "float32")),
    );
    update(op, operands, attrs);
    return operands.map((x) => x.dataSync());
  });
}

describe("updates", () => {
  for (const op of updateNames)
    it(op, () => {
      for (const size of sizes)
        for (const one of updateCases[op].attrs) {
          const expected = run(reference, op, size, one);
          for (const backend of backends)
            run(backend, op, size, one).forEach((values, i) => {
              expect(relativeError(values, expected[i]!), `${op} of ${size}, operand ${i}`).toBeLessThan(2e-7);
            });
        }
    });

  it("counts in int32", () => {
    const on = backends[0]!;
    const ints = (...values: number[]) => allocate([values.length], "int32", on).write(Int32Array.from(values));
    const a = ints(1, -5, 2 ** 31 - 1);
    update("accumulate", [a, ints(1, 2, 1)], {});
    expect([...a.dataSync()]).toEqual([2, -3, -(2 ** 31)]);
  });

  it("leaves what lies beside a view alone", () => {
    const x = allocate([4, 5], "float32", backends[1]!).write(new Float32Array(20).fill(1));
    update("fill", [apply("slice", [x], { begin: [1, 0], size: [2, 5] })[0]], { value: 3 });
    expect([...x.dataSync()]).toEqual([...Array(5).fill(1), ...Array(10).fill(3), ...Array(5).fill(1)]);
  });
});
