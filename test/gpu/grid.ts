/** The conformance grid on a backend that may be asynchronous: values and gradients of every case, against the reference. */
import { describe, expect, it } from "vitest";
import type { Backend } from "../../src/backends/backend.js";
import type { Attrs } from "../../src/ops/spec/index.js";
import { type Case, cases, type GridOp } from "../conformance/cases/index.js";
import { errorsOf } from "../conformance/errors.js";

/** The bar of the gpu backend against the reference, by norm. */
export const TOLERANCE = 1e-4;

/** One test per op. `choose` leaves out what is too large for a slow mode, never all. */
export function conformanceOf(
  title: string,
  backend: () => Backend,
  choose = (_: Case<unknown>): boolean => true,
  ops = Object.keys(cases) as GridOp[],
): void {
  describe(title, () => {
    for (const op of ops)
      it(op, async () => {
        const chosen = (cases[op] as readonly Case<Attrs<GridOp>>[]).filter(choose);
        expect(chosen.length).toBeGreaterThan(0);
        for (const { error, where } of await errorsOf(backend(), op, chosen))
          expect(error, where).toBeLessThanOrEqual(TOLERANCE);
      });
  });
}
