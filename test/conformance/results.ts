/**
 * What the grid compares: outputs and gradients of every case of an op on one backend, which may be asynchronous. Knows no
 * test runner, so that it can run in a tab.
 */
import { gradientsOf } from "../../src/autograd/backward.js";
import { gradients } from "../../src/autograd/gradients/index.js";
import type { Backend } from "../../src/backends/backend.js";
import { add, mul, scope, sum, type Tensor, type TypedArray, tensor, withBackend } from "../../src/index.js";
import { apply } from "../../src/ops/apply.js";
import type { Attrs, OpName } from "../../src/ops/spec/index.js";
import { isFloat } from "../../src/tensor/dtype.js";
import { type Case, dtypeOfInput } from "./cases/index.js";
import { valuesOf } from "./numbers.js";

export interface Result {
  readonly name: string;
  readonly values: TypedArray;
}

/** Outputs of one case, then the gradients of its float inputs under a fixed random projection of what has a gradient. */
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

/** A row of results for each of the chosen cases. */
export const resultsOf = (backend: Backend, op: OpName, chosen: readonly Case<Attrs<OpName>>[]): Promise<Result[][]> =>
  withBackend(backend, async () => {
    const results: Result[][] = [];
    for (const one of chosen) results.push(await run(op, one));
    return results;
  });
