/** What an op costs the host, op by op and replayed. */
import { withBackend } from "../../../../src/backends/backend.js";
import { createGpuBackend } from "../../../../src/backends/gpu/gpu-backend.js";
import { measureEnqueue } from "../../enqueue.js";
import type { Telling } from "../part.js";

const SAMPLES = { quick: 3, normal: 20 };

export async function run({ isQuick, row }: Telling): Promise<void> {
  const backend = await createGpuBackend();
  const rows = await withBackend(backend, () => measureEnqueue(backend, isQuick ? SAMPLES.quick : SAMPLES.normal));
  for (const { what, form, ops, dispatches, microseconds, bestMicroseconds } of rows)
    row("host time per op", { what, form, "median µs": microseconds, "best µs": bestMicroseconds, ops, dispatches });
  await backend.dispose();
}
