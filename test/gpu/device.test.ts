/** What only a device shows: indices beyond 2^24, long reductions, memory that stays flat, replay, errors, whole S0 steps. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Backend, withBackend } from "../../src/backends/backend.js";
import { openDevice } from "../../src/backends/gpu/device.js";
import { createGpuBackend, type GpuBackend } from "../../src/backends/gpu/gpu-backend.js";
import { referenceBackend } from "../../src/backends/reference/index.js";
import { createWasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import {
  arange,
  compile,
  ones,
  Random,
  randn,
  scope,
  type Tensor,
  type TypedArray,
  tensor,
  zeros,
} from "../../src/index.js";
import { apply, update } from "../../src/ops/apply.js";
import { BackendError } from "../../src/util/errors.js";
import { relativeError } from "../conformance/numbers.js";
import { demoBatches } from "./demo-batches.js";
import { SETTLED_LR, SETTLING, type State, settled, trained } from "./s0-steps.js";
import { noDriver } from "./software-vulkan.js";

const COMPARED_STEPS = 20;

describe.skipIf(noDriver !== null)("a WebGPU device", () => {
  let backend: GpuBackend;
  const on = <T>(body: () => Promise<T>): Promise<T> => withBackend(backend, body);
  beforeAll(async () => {
    backend = await createGpuBackend();
    expect(backend.mode).toBe("webgpu");
  });
  afterAll(async () => {
    await backend.dispose();
  });

  it("normalises channels whose mean is thousands of their deviations", () =>
    on(async () => {
      const random = new Random(3);
      const rows = 512;
      const values = Float32Array.from({ length: rows * 4 }, () => 3000 + random.normal());
      const normalized = () => {
        const [y] = apply("batchNorm", [tensor(values, [rows, 4]), ones([4]), zeros([4])], { eps: 1e-5 });
        return (y as Tensor).data();
      };
      const expected = await withBackend(referenceBackend, normalized);
      // a mean rounded to float32 alone is worth 1e-4
      expect(relativeError(await normalized(), expected)).toBeLessThanOrEqual(2e-6);
    }));

  it("reads the right elements beyond 2^24", () =>
    on(async () => {
      // [rows, 3] in which element i is i mod 251: broadcast, transposed access and a long reduction see the far end
      const rows = 6_000_000;
      const values = Float32Array.from({ length: rows * 3 }, (_, i) => i % 251);
      const x = tensor(values, [rows, 3]);
      expect(x.size).toBeGreaterThan(2 ** 24);
      const last = x.slice([rows - 5, 0], [5, 3]);
      expect(await last.add(tensor([1, 2, 3])).data()).toEqual(
        Float32Array.from({ length: 15 }, (_, i) => values[(rows - 5) * 3 + i]! + (i % 3) + 1),
      );
      const picked = x.slice([0, 2], [rows, 1]).slice([rows - 3, 0], [3, 1]);
      expect(await picked.data()).toEqual(Float32Array.from([3, 2, 1], (back) => values[(rows - back) * 3 + 2]!));
      for (const tensorToFree of [x, last, picked]) tensorToFree.dispose();
    }));

  it("convolves a batch of 32 at 224 px, normalises it, and takes its weight gradient", async () => {
    const geometry = { stride: [2, 2], padding: [1, 1], dilation: [1, 1], groups: 1 } as const;
    const stem = (where: Backend): Promise<TypedArray[]> =>
      withBackend(where, async () => {
        // made fast: normal numbers by the million take seconds
        const pixels = Float32Array.from(
          { length: 32 * 224 * 224 * 3 },
          (_, i) => ((Math.imul(i, 2654435761) >>> 20) - 2048) / 1024,
        );
        const x = tensor(pixels, [32, 224, 224, 3]);
        const [y] = apply("conv2d", [x, randn([3, 3, 3, 48], { seed: 2 })], geometry);
        const gamma = randn([48], { seed: 3 });
        const [normalized] = apply("batchNorm", [y, gamma, gamma], { eps: 1e-5 });
        const [dw] = apply("conv2dWeightGrad", [x, normalized], { ...geometry, weightShape: [3, 3, 3, 48] });
        expect(y.size).toBeGreaterThan(2 ** 24);
        const values = [await y.data(), await normalized.data(), await dw.data()];
        for (const one of [x, y, normalized, dw]) one.dispose();
        return values;
      });
    const wasm = createWasmBackend({ threads: 2 });
    const expected = await stem(wasm);
    (await stem(backend)).forEach((values, i) => {
      expect(relativeError(values, expected[i]!)).toBeLessThanOrEqual(1e-5);
    });
    await wasm.dispose();
  });

  it("needs no more memory after 500 steps than after three", () =>
    on(async () => {
      const w = randn([16, 16], { requiresGrad: true });
      const x = randn([8, 16]);
      const step = compile((input: Tensor) => {
        const loss = input.matmul(w).relu().sum();
        loss.backward();
        update("sgd", [w, zero, w.grad!], { ...rates, isFirst: false });
        w.grad!.dispose();
        w.grad = null;
        return loss;
      });
      const zero = zeros([16, 16]);
      const rates = { lr: 1e-4, momentum: 0, weightDecay: 0, dampening: 0, nesterov: false, maximize: false };
      let bytes = 0;
      for (let i = 0; i < 500; i++) {
        const loss = scope(() => step(x).data());
        if (i === 2) bytes = backend.stats.deviceBytes!;
        if (i % 100 === 99) expect(Number.isFinite((await loss)[0])).toBe(true);
      }
      expect(backend.stats.deviceBytes).toBe(bytes);
      step.dispose();
    }));

  it("lets a number meet a run that is too long for one row of workgroups", () =>
    on(async () => {
      const values = Float32Array.from({ length: 1_000_003 }, (_, i) => i % 1013);
      const x = tensor(values);
      // as bytes: a matcher takes its time over a million numbers
      const expectSame = async (actual: Tensor, expected: Float32Array): Promise<void> => {
        const { buffer } = await actual.data();
        expect(Buffer.compare(Buffer.from(buffer), Buffer.from(expected.buffer))).toBe(0);
      };
      const half = values.map((v) => 0.5 * v);
      await expectSame(x.mul(0.5), half);
      const below = values.slice(3, 600_003).map((v) => 7 - v);
      await expectSame(tensor([7]).sub(x.slice([3], [600_000])), below);
      await expectSame(tensor([3]).broadcastTo([524_281]), new Float32Array(524_281).fill(3));
    }));

  it("sums two million numbers, and loops more than a thousand times", () =>
    on(async () => {
      const x = arange(2_000_000, { dtype: "float32" });
      const expected = (1_999_999 * 2_000_000) / 2;
      expect(Math.abs((await x.sum().data())[0]! - expected) / expected).toBeLessThan(1e-6);
      const ones = tensor(new Float32Array(5000).fill(1), [1, 5000]);
      expect((await ones.matmul(ones.transpose([1, 0])).data())[0]).toBe(5000);
    }));

  it("is not synchronous, and says what to do", () =>
    on(async () => {
      expect(() => zeros([2]).dataSync()).toThrow(/not synchronous\n {2}hint: use await x\.data\(\)/);
    }));

  it("turns what the device refuses into an exception", () =>
    on(async () => {
      const device = await openDevice();
      device.gpu.createShaderModule({ code: "no program" });
      await device.gpu.queue.onSubmittedWorkDone();
      expect(() => device.check()).toThrow(BackendError);
      expect(() => device.check()).not.toThrow();
      device.dispose();
    }));

  it("trains S0 like wasm does, step for step, with memory that stays flat", async () => {
    const wasm = createWasmBackend({ threads: 2 });
    const batches = await demoBatches(SETTLING);
    const start = await settled(wasm, batches);
    const run = { batches: batches.slice(0, COMPARED_STEPS), lr: SETTLED_LR, start };
    const { losses: expected, state: theirs } = await trained({ ...run, backend: wasm });
    const bytes: number[] = [];
    const afterStep = (): void => void bytes.push(backend.stats.deviceBytes!);
    const { losses: actual, state: ours } = await trained({ ...run, backend, afterStep });
    const differences = actual.map((loss, i) => Math.abs(loss - expected[i]!) / expected[i]!);
    expect(Math.max(...differences), differences.join(" ")).toBeLessThanOrEqual(2e-4);
    // what training has done to the weights: so little that rounding and single relus are percents of it, a wrong gradient is all of it
    const moved = (state: State, name: string): Float64Array =>
      Float64Array.from(state.get(name)!.values, (value, i) => Number(value) - Number(start.get(name)!.values[i]));
    const errors = [...ours.keys()].map((name) => relativeError(moved(ours, name), moved(theirs, name)));
    expect(Math.max(...errors), errors.map((error) => error.toExponential(1)).join(" ")).toBeLessThanOrEqual(0.15);
    expect(bytes.slice(2)).toEqual(bytes.slice(2).map(() => bytes[2]));
    await wasm.dispose();
  });
});
