/**
 * NaN or an infinity planted in one element of one input: where the reference has no finite number, a backend has none either,
 * so that nothing broken is laundered on the way.
 */
import { expect } from "vitest";
import { type Backend, withBackend } from "../../src/backends/backend.js";
import { referenceBackend } from "../../src/backends/reference/index.js";
import { scope, type Tensor, tensor } from "../../src/index.js";
import { apply } from "../../src/ops/apply.js";
import type { Attrs } from "../../src/ops/spec/index.js";
import { isFloat, type TypedArray } from "../../src/tensor/dtype.js";
import { type Case, cases, dtypeOfInput, type GridOp } from "./cases/index.js";
import { valuesOf } from "./numbers.js";

const planted = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

/** Their identity branch is a kernel of ones and zeros to the reference, whose zeros it multiplies; other backends skip those. */
const skipsZeros: ReadonlySet<GridOp> = new Set(["foldBranchesGrad", "foldMomentsGrad"]);

export const plantedOps = (Object.keys(cases) as GridOp[]).filter((name) => !skipsZeros.has(name));

export const smallCases = (op: GridOp): readonly Case<Attrs<GridOp>>[] =>
  (cases[op] as readonly Case<Attrs<GridOp>>[]).filter(({ isLarge }) => !isLarge);

function run(op: GridOp, { inputs, attrs }: Case<Attrs<GridOp>>, data: readonly TypedArray[]): Promise<TypedArray[]> {
  const reads = scope(() => {
    const xs = inputs.map((spec, i) => tensor(data[i]!, spec.shape, { dtype: dtypeOfInput(spec, "float32") }));
    return (apply(op, xs, attrs) as readonly Tensor[]).map((y) => y.data());
  });
  return Promise.all(reads);
}

/** Plants each number in each float input of a case, and compares `backend` with the reference. */
export async function expectPlantedShows(op: GridOp, one: Case<Attrs<GridOp>>, backend: Backend): Promise<void> {
  for (const [i, spec] of one.inputs.entries()) {
    if (!isFloat(dtypeOfInput(spec, "float32"))) continue;
    for (const value of planted) {
      const data = one.inputs.map((input, k) => valuesOf(input, 11 + k, "float32"));
      data[i]![Math.floor(data[i]!.length * 0.6)] = value;
      const expected = await withBackend(referenceBackend, () => run(op, one, data));
      const actual = await withBackend(backend, () => run(op, one, data));
      expected.forEach((values, o) => {
        const at = values.findIndex((v, e) => !Number.isFinite(v) && Number.isFinite(actual[o]![e]!));
        expect(at, `output ${o}, ${value} in input ${i} of ${JSON.stringify(one)}`).toBe(-1);
      });
    }
  }
}
