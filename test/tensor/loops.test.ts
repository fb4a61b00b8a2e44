/**
 * Loops in which nothing is disposed and nothing scoped: the garbage collector has to learn of the memory, and to run. The
 * bound is 256 MB and what four iterations make, over more than the 4 GiB that there are.
 */
import { afterEach, describe, expect, it } from "vitest";
import type { WasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import { noGrad, ones, setBackend, type Tensor, tensor } from "../../src/index.js";

const SLACK_BYTES = 256e6;

let backend: WasmBackend;
afterEach(() => backend.dispose());

/** How a step ends: with values, a turn of the event loop, a mere microtask, nothing. */
const ends = {
  "await x.data()": (y: Tensor) => y.data(),
  "a turn of the event loop": () => new Promise((resolve) => setImmediate(resolve)),
  "a microtask": () => Promise.resolve(),
  nothing: () => null,
} as const;
type End = keyof typeof ends;

async function peakOf(iterations: number, end: End, step: () => Tensor): Promise<number> {
  for (let i = 0; i < iterations; i++) {
    const waiting = ends[end](step());
    if (waiting) await waiting;
  }
  return backend.stats.peakBytes;
}

describe.each(Object.keys(ends) as End[])("loops that end a step with %s", (end) => {
  it("training: an argument of 19 MB, backward, the gradient dropped", async () => {
    backend = (await setBackend("wasm", { threads: 1 })) as WasmBackend;
    const shape = [32, 224, 224, 3];
    const host = new Float32Array(32 * 224 * 224 * 3).fill(1);
    const w = tensor([1, 2, 3], undefined, { requiresGrad: true });
    const peak = await peakOf(240, end, () => {
      const loss = tensor(host, shape).mul(w).sum();
      loss.backward();
      w.grad = null;
      return loss;
    });
    expect(peak).toBeLessThan(SLACK_BYTES + 4 * 3 * host.byteLength);
  }, 120_000);

  it.each([
    [1024, 5000],
    [131072, 40_000],
  ])(
    "inference: tensors of %i bytes",
    async (bytes, iterations) => {
      backend = (await setBackend("wasm", { threads: 1 })) as WasmBackend;
      const x = ones([bytes / 4]);
      const peak = await peakOf(iterations, end, () => noGrad(() => x.mul(2).add(1)));
      expect(peak).toBeLessThan(SLACK_BYTES + 4 * 2 * bytes);
    },
    120_000,
  );
});

it("a loop that keeps everything still runs out, and the error says what holds the memory", async () => {
  backend = (await setBackend("wasm", { threads: 1 })) as WasmBackend;
  const kept: Tensor[] = [];
  expect(() => {
    for (;;) kept.push(ones([2 ** 26]));
  }).toThrow(/are held by \d+ tensors and buffers[^]*hint: .*scope/);
}, 120_000);
