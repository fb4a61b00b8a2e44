/** The conformance grid in a tab: per op the worst of its cases against the reference, as plain numbers. */
import type { Backend } from "../../src/backends/backend.js";
import type { Attrs } from "../../src/ops/spec/index.js";
import { type Case, cases, type GridOp } from "../conformance/cases/index.js";
import { errorsOf } from "../conformance/errors.js";

export interface Row {
  readonly op: string;
  /** Outputs and gradients compared. */
  readonly results: number;
  /** The largest relative error by norm, and of what. */
  readonly error: number;
  readonly where: string;
}

export interface Choice {
  readonly ops?: readonly GridOp[];
  /** Leaves out what is too large for a slow mode. */
  readonly isSmall?: boolean;
}

export async function gridOf(
  backend: Backend,
  { ops = Object.keys(cases) as GridOp[], isSmall = false }: Choice = {},
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const op of ops) {
    const chosen = (cases[op] as readonly Case<Attrs<GridOp>>[]).filter(({ isLarge }) => !(isSmall && isLarge));
    // NaN is worse than any number, and would be lost on the way out of the tab
    const errors = (await errorsOf(backend, op, chosen)).map(({ error, where }) => ({
      error: Number.isNaN(error) ? 1e9 : error,
      where,
    }));
    const worst = errors.reduce((a, b) => (b.error > a.error ? b : a));
    rows.push({ op, results: errors.length, ...worst });
  }
  return rows;
}
