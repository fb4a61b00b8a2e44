/** A part of the conformance grid: values and gradients on the device against the reference backend. */
import { createGpuBackend } from "../../../../src/backends/gpu/gpu-backend.js";
import type { Attrs } from "../../../../src/ops/spec/index.js";
import { type Case, cases, type GridOp } from "../../../../test/conformance/cases/index.js";
import { errorsOf } from "../../../../test/conformance/errors.js";
import type { Telling } from "../part.js";

/** By norm; the bar of test/gpu. */
const TOLERANCE = 1e-4;
/** One case of so many. */
const EVERY = { quick: 12, normal: 3 };
const OP_MS = 2000;

export async function run({ isQuick, row, hasTime, note }: Telling): Promise<void> {
  const backend = await createGpuBackend({ poison: true });
  const every = isQuick ? EVERY.quick : EVERY.normal;
  const above: string[] = [];
  for (const op of Object.keys(cases) as GridOp[]) {
    if (!hasTime(OP_MS)) {
      note(`No time was left from ${op} on.`);
      break;
    }
    const chosen = (cases[op] as readonly Case<Attrs<GridOp>>[]).filter((_, i) => i % every === 0);
    const errors = await errorsOf(backend, op, chosen);
    const worst = errors.reduce((most, one) => (one.error <= most.error ? most : one));
    const isRight = worst.error <= TOLERANCE;
    if (!isRight) above.push(op);
    row("grid", { op, cases: chosen.length, "largest error": worst.error, ...(isRight ? {} : { at: worst.where }) });
  }
  await backend.dispose();
  if (above.length > 0) throw new Error(`above ${TOLERANCE}: ${above.join(", ")}`);
}
