/** The conformance grid on a backend that may be asynchronous: values and gradients of every case, against the reference. */
import { describe, expect, it } from "vitest";
import { gradientsOf } from "../../src/autograd/backward.js";
import { gradients } from "../../src/autograd/gradients.js";
import type { Backend } from "../../src/backends/backend.js";
import { referenceBackend } from "../../src/backends/reference/index.js";
import { add, mul, scope, sum, type Tensor, type TypedArray, tensor, withBackend } from "../../src/index.js";
import { apply } from "../../src/ops/apply.js";
import type { Attrs, OpName } from "../../src/ops/spec.js";
import { isFloat } from "../../src/tensor/dtype.js";
import { type Case, cases, dtypeOfInput } from "../conformance/cases.js";
import { relativeError, valuesOf } from "../conformance/numbers.js";

/** The bar of the gpu backend against the reference, by norm. */
export const TOLERANCE = 1e-4;

interface Result {
  readonly name: string;
  readonly values: TypedArray;
}

async function run(op: OpName, { inputs, attrs }: Case<Attrs<OpName>>): Promise<Result[]> {
  const reads: { name: string; values: Promise<TypedArray> }[] = [];
  scope(() => {
    const isDifferentiable = gradients[op] !== null;
    const xs = inputs.map((spec, i) => {
      const dtype = dtypeOfInput(spec, "float32");
      return tensor(valuesOf(spec, 11 + i, "float32"), spec.shape, {
        dtype,
        requiresGrad: isDifferentiable && isFloat(dtype),
      });
    });
    const outputs = apply(op, xs, attrs) as readonly Tensor[];
    outputs.forEach((y, i) => {
      reads.push({ name: `output ${i}`, values: y.data() });
    });
    if (!isDifferentiable || outputs[0]!.edge === null) return;
    const projected = outputs
      .filter((y) => y.edge !== null)
      .map((y) => sum(mul(y, tensor(valuesOf({ shape: y.shape, fill: "normal" }, 5, y.dtype), y.shape))));
    gradientsOf(projected.reduce(add), xs).forEach((dx, i) => {
      if (dx) reads.push({ name: `gradient ${i}`, values: dx.data() });
    });
  });
  return Promise.all(reads.map(async ({ name, values }) => ({ name, values: await values })));
}

const runAll = (backend: Backend, op: OpName, chosen: readonly Case<Attrs<OpName>>[]): Promise<Result[][]> =>
  withBackend(backend, async () => {
    const results: Result[][] = [];
    for (const one of chosen) results.push(await run(op, one));
    return results;
  });

/** One test per op. `choose` leaves out what is too large for a slow mode, never all. */
export function conformanceOf(
  title: string,
  backend: () => Backend,
  choose = (_: Case<unknown>): boolean => true,
  ops = Object.keys(cases) as OpName[],
): void {
  describe(title, () => {
    for (const op of ops)
      it(op, async () => {
        const chosen = (cases[op] as readonly Case<Attrs<OpName>>[]).filter(choose);
        expect(chosen.length).toBeGreaterThan(0);
        const expected = await runAll(referenceBackend, op, chosen);
        const actual = await runAll(backend(), op, chosen);
        expected.forEach((results, c) => {
          results.forEach(({ name, values }, r) => {
            const error = relativeError(actual[c]![r]!.values, values);
            expect(error, `${name} of ${JSON.stringify(chosen[c])}`).toBeLessThanOrEqual(TOLERANCE);
          });
        });
      });
  });
}
