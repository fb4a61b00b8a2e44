/** The grid's comparison: one backend, which may be asynchronous, against the reference. Knows no test runner. */
import type { Backend } from "../../src/backends/backend.js";
import { referenceBackend } from "../../src/backends/reference/index.js";
import type { Attrs, OpName } from "../../src/ops/spec/index.js";
import type { Case } from "./cases/index.js";
import { relativeError } from "./numbers.js";
import { resultsOf } from "./results.js";

export interface ResultError {
  /** By norm; NaN where a result holds one. */
  readonly error: number;
  /** Of which result of which case. */
  readonly where: string;
}

/** Of every output and gradient of the chosen cases of an op. */
export async function errorsOf(
  backend: Backend,
  op: OpName,
  chosen: readonly Case<Attrs<OpName>>[],
): Promise<ResultError[]> {
  const expected = await resultsOf(referenceBackend, op, chosen);
  const actual = await resultsOf(backend, op, chosen);
  return expected.flatMap((results, c) =>
    results.map(({ name, values }, r) => ({
      error: relativeError(actual[c]![r]!.values, values),
      where: `${name} of ${JSON.stringify(chosen[c])}`,
    })),
  );
}
