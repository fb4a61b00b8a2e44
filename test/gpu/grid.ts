/** The conformance grid on a backend that may be asynchronous: values and gradients of every case, against the reference. */
import { describe, expect, it } from "vitest";
import type { Backend } from "../../src/backends/backend.js";
import { referenceBackend } from "../../src/backends/reference/index.js";
import type { Attrs, OpName } from "../../src/ops/spec.js";
import { type Case, cases } from "../conformance/cases.js";
import { relativeError } from "../conformance/numbers.js";
import { resultsOf } from "../conformance/results.js";

/** The bar of the gpu backend against the reference, by norm. */
export const TOLERANCE = 1e-4;

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
        const expected = await resultsOf(referenceBackend, op, chosen);
        const actual = await resultsOf(backend(), op, chosen);
        expected.forEach((results, c) => {
          results.forEach(({ name, values }, r) => {
            const error = relativeError(actual[c]![r]!.values, values);
            expect(error, `${name} of ${JSON.stringify(chosen[c])}`).toBeLessThanOrEqual(TOLERANCE);
          });
        });
      });
  });
}
