/** 20 training steps of S0 on the demo set, on the device and on the wasm backend, from the same weights. */
import "../../../../src/index.js";
import { createGpuBackend } from "../../../../src/backends/gpu/gpu-backend.js";
import { createWasmBackend } from "../../../../src/backends/wasm/wasm-backend.js";
import { relativeError } from "../../../../test/conformance/numbers.js";
import { demoBatches } from "../../../../test/gpu/demo-batches.js";
import { SETTLED_LR, SETTLING, settled, trained } from "../../../../test/gpu/s0-steps.js";
import type { Telling } from "../part.js";

const STEPS = { quick: 4, normal: 20 };
/** Weights of a glance are settled less: the two go apart sooner than its steps last. */
const QUICK_SETTLING = 30;
/** Of a loss and of a weight, as test/gpu asks. */
const LOSS_BAR = 1e-3;
const WEIGHT_BAR = 1e-2;

export async function run({ isQuick, row, note }: Telling): Promise<void> {
  const wasm = createWasmBackend({ threads: 2 });
  const batches = await demoBatches(isQuick ? QUICK_SETTLING : SETTLING);
  const start = await settled(wasm, batches);
  const work = { batches: batches.slice(0, isQuick ? STEPS.quick : STEPS.normal), lr: SETTLED_LR, start };
  const theirs = await trained({ ...work, backend: wasm });
  const backend = await createGpuBackend();
  const ours = await trained({ ...work, backend });
  let worst = 0;
  ours.losses.forEach((loss, step) => {
    const expected = theirs.losses[step]!;
    const difference = Math.abs(loss - expected) / expected;
    worst = Math.max(worst, difference);
    row("losses", { step: step + 1, device: loss.toFixed(6), wasm: expected.toFixed(6), difference });
  });
  let furthest = { name: "", error: 0 };
  for (const [name, { values }] of ours.state) {
    const error = relativeError(values, theirs.state.get(name)!.values);
    if (!(error <= furthest.error)) furthest = { name, error };
  }
  note(
    `Largest difference of a loss ${worst.toExponential(1)}, of a weight ${furthest.error.toExponential(1)} (${furthest.name}).`,
  );
  await backend.dispose();
  if (!(worst <= LOSS_BAR && furthest.error <= WEIGHT_BAR))
    throw new Error(`expected losses within ${LOSS_BAR} and weights within ${WEIGHT_BAR}`);
}
