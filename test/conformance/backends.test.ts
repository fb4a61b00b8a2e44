/**
 * Every op on every backend against the reference: values and gradients over the awkward grid, with one thread and with
 * two, whose bits must be the same.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gradientsOf } from "../../src/autograd/backward.js";
import { gradients } from "../../src/autograd/gradients/index.js";
import type { Backend } from "../../src/backends/backend.js";
import { createWasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import {
  add,
  mul,
  scope,
  setBackend,
  sum,
  type Tensor,
  type TypedArray,
  tensor,
  withBackend,
} from "../../src/index.js";
import { apply } from "../../src/ops/apply.js";
import type { Attrs } from "../../src/ops/spec/index.js";
import { isFloat } from "../../src/tensor/dtype.js";
import { type Case, cases, dtypeOfInput, type GridOp } from "./cases/index.js";
import { relativeError, valuesOf } from "./numbers.js";

/** The bar of the project for a backend against the reference, float32, by norm. */
const TOLERANCE = 1e-5;

interface Result {
  readonly name: string;
  readonly values: TypedArray;
}

/** Outputs of one case, then the gradients of its float inputs under a fixed random projection of what has a gradient. */
function run(op: GridOp, { inputs, attrs }: Case<Attrs<GridOp>>): Result[] {
  return scope(() => {
    const isDifferentiable = gradients[op] !== null;
    const xs = inputs.map((spec, i) => {
      const dtype = dtypeOfInput(spec, "float32");
      return tensor(valuesOf(spec, 11 + i, "float32"), spec.shape, {
        dtype,
        requiresGrad: isDifferentiable && isFloat(dtype),
      });
    });
    const outputs = apply(op, xs, attrs) as readonly Tensor[];
    const results = outputs.map((y, i) => ({ name: `output ${i}`, values: y.dataSync() }));
    if (!isDifferentiable || outputs[0]!.edge === null) return results;
    const projected = outputs
      .filter((y) => y.edge !== null)
      .map((y) => sum(mul(y, tensor(valuesOf({ shape: y.shape, fill: "normal" }, 5, y.dtype), y.shape))));
    const dxs = gradientsOf(projected.reduce(add), xs);
    return [...results, ...dxs.flatMap((dx, i) => (dx ? [{ name: `gradient ${i}`, values: dx.dataSync() }] : []))];
  });
}

const runAll = (backend: Backend, op: GridOp): Promise<Result[][]> =>
  withBackend(backend, () => (cases[op] as readonly Case<Attrs<GridOp>>[]).map((one) => run(op, one)));

const bitsOf = (values: TypedArray): Uint8Array => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

describe("wasm against reference", () => {
  let reference: Backend;
  let one: Backend;
  let two: Backend;
  beforeAll(async () => {
    reference = await setBackend("reference");
    // an element that nobody wrote differs from the reference's, and from that of two threads
    one = createWasmBackend({ threads: 1, poison: true });
    two = await setBackend("wasm", { threads: 2 });
  });
  afterAll(async () => {
    await one.dispose?.();
    await two.dispose?.();
  });

  for (const op of Object.keys(cases) as GridOp[])
    it(op, async () => {
      const expected = await runAll(reference, op);
      const single = await runAll(one, op);
      const double = await runAll(two, op);
      expected.forEach((results, c) => {
        const label = JSON.stringify(cases[op][c]);
        results.forEach(({ name, values }, r) => {
          const error = relativeError(single[c]![r]!.values, values);
          expect(error, `${name} of ${label}`).toBeLessThanOrEqual(TOLERANCE);
          const isSame = Buffer.compare(bitsOf(single[c]![r]!.values), bitsOf(double[c]![r]!.values)) === 0;
          expect(isSame, `bits of 1 and 2 threads, ${name} of ${label}`).toBe(true);
        });
      });
    });
});
