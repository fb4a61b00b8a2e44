/**
 * NaN or an infinity planted in one element of one input, for every op: where the reference has no finite number, wasm has
 * none either, so that nothing broken is laundered on the way. (The reverse is allowed: padding is zeros that wasm multiplies.)
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Backend, withBackend } from "../../src/backends/backend.js";
import { referenceBackend } from "../../src/backends/reference/index.js";
import { createWasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import { scope, tensor } from "../../src/index.js";
import { apply } from "../../src/ops/apply.js";
import type { Attrs, OpName } from "../../src/ops/spec.js";
import { isFloat, type TypedArray } from "../../src/tensor/dtype.js";
import { type Case, cases, dtypeOfInput } from "./cases.js";
import { valuesOf } from "./numbers.js";

const planted = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

/** Their identity branch is a kernel of ones and zeros to the reference, whose zeros it multiplies; wasm skips those. */
const skipsZeros: ReadonlySet<OpName> = new Set(["foldBranchesGrad", "foldMomentsGrad"]);

function run(op: OpName, { inputs, attrs }: Case<Attrs<OpName>>, data: readonly TypedArray[]): TypedArray[] {
  return scope(() => {
    const xs = inputs.map((spec, i) => tensor(data[i]!, spec.shape, { dtype: dtypeOfInput(spec, "float32") }));
    return apply(op, xs, attrs).map((y) => y.dataSync());
  });
}

describe("a planted number that is not finite", () => {
  let wasm: Backend;
  beforeAll(() => {
    wasm = createWasmBackend({ threads: 2 });
  });
  afterAll(async () => {
    await wasm.dispose?.();
  });

  for (const op of (Object.keys(cases) as OpName[]).filter((name) => !skipsZeros.has(name)))
    it(op, async () => {
      for (const one of (cases[op] as readonly Case<Attrs<OpName>>[]).filter((c) => !c.isLarge))
        for (const [i, spec] of one.inputs.entries()) {
          if (!isFloat(dtypeOfInput(spec, "float32"))) continue;
          for (const value of planted) {
            const data = one.inputs.map((input, k) => valuesOf(input, 11 + k, "float32"));
            data[i]![Math.floor(data[i]!.length * 0.6)] = value;
            const expected = await withBackend(referenceBackend, () => run(op, one, data));
            const actual = await withBackend(wasm, () => run(op, one, data));
            expected.forEach((values, o) => {
              const at = values.findIndex((v, e) => !Number.isFinite(v) && Number.isFinite(actual[o]![e]!));
              expect(at, `output ${o}, ${value} in input ${i} of ${JSON.stringify(one)}`).toBe(-1);
            });
          }
        }
    });
});
