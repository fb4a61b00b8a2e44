/** Zeros, infinities, NaN, denormals, tails and int32 ends: every op on reference and wasm against PyTorch's numbers. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Backend } from "../../src/backends/backend.js";
import { referenceBackend } from "../../src/backends/reference/index.js";
import { createWasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import { specialCases } from "../golden/numbers/special-values.js";
import { describeFailure, specialFailures } from "./special.js";

/** Of a finite float32 or float64 value, from the true value. */
const MAX_ULPS = 4;

const cases = specialCases();
const ops = [...new Set(cases.map(({ op }) => op))];

describe("special values", () => {
  const backends: { [name: string]: Backend } = { reference: referenceBackend };
  beforeAll(() => {
    backends.wasm = createWasmBackend({ threads: 2 });
  });
  afterAll(async () => {
    await backends.wasm!.dispose?.();
  });

  for (const name of ["reference", "wasm"])
    describe(name, () => {
      for (const op of ops)
        it(op, async () => {
          const own = cases.filter((one) => one.op === op);
          const failures = await specialFailures(backends[name]!, own, { ulps: MAX_ULPS });
          expect(failures.map(describeFailure)).toEqual([]);
        });
    });
});
