/**
 * Loops in which nothing is disposed and nothing scoped: the garbage collector has to learn of the memory, and to run. The
 * bound is 256 MB and what four iterations make, over gigabytes.
 */
import { afterEach, describe, expect, it } from "vitest";
import { createWasmBackend, type WasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import { compile, noGrad, ones, setBackend, type Tensor, tensor, withBackend } from "../../src/index.js";

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
    const peak = await peakOf(60, end, () => {
      const loss = tensor(host, shape).mul(w).sum();
      loss.backward();
      w.grad = null;
      return loss;
    });
    expect(peak).toBeLessThan(SLACK_BYTES + 4 * 3 * host.byteLength);
  }, 120_000);

  it.each([
    [1024, 5000],
    [131072, 8000],
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

it("a loop that keeps everything runs out, and the error says what holds the memory", async () => {
  backend = createWasmBackend({ threads: 1, memoryBytes: 2 ** 28 });
  await withBackend(backend, () => {
    const kept: Tensor[] = [];
    expect(() => {
      for (;;) kept.push(ones([2 ** 22]));
    }).toThrow(/are held by \d+ tensors and buffers[\s\S]*hint: .*scope/);
    expect(kept.length).toBe(15);
  });
});

it("a compiled function whose state is replaced keeps what its steps still need", async () => {
  backend = (await setBackend("wasm", { threads: 1 })) as WasmBackend;
  const length = 2 ** 20;
  let state = ones([length]).keep();
  const step = compile((x: Tensor) => {
    const before = state;
    state = before.mul(0.5).add(x).keep();
    return state.sum();
  });
  let expected = 1;
  for (let i = 0; i < 200; i++) {
    const sum = noGrad(() => step(ones([length])));
    expected = Math.fround(expected * 0.5 + 1);
    expect(sum.item() / length).toBeCloseTo(expected, 3);
  }
  expect(backend.stats.peakBytes).toBeLessThan(SLACK_BYTES + 4 * 4 * 4 * length);
}, 60_000);
