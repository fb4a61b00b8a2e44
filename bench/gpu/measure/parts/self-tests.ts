/** What only a device shows, each test by itself: values with known answers, shapes beyond a dispatch, errors with names. */
import { withBackend } from "../../../../src/backends/backend.js";
import { openDevice } from "../../../../src/backends/gpu/device.js";
import { createGpuBackend, type GpuBackend } from "../../../../src/backends/gpu/gpu-backend.js";
import { useHandWritten } from "../../../../src/backends/gpu/wgsl/switches.js";
import { arange, compile, gather, matmul, randn, scope, type Tensor, tensor, zeros } from "../../../../src/index.js";
import { apply } from "../../../../src/ops/apply.js";
import { DeviceError, DeviceLostError, DTypeError, IndexError, MemoryError } from "../../../../src/util/errors.js";
import { trainingStep } from "../../training-step.js";
import type { Telling } from "../part.js";

type Kind = abstract new (...args: never[]) => Error;

function expectSame(actual: ArrayLike<number>, expected: readonly number[]): void {
  for (let i = 0; i < expected.length; i++)
    if (!Object.is(actual[i], expected[i])) throw new Error(`element ${i} is ${actual[i]}, expected ${expected[i]}`);
}

function expectNear(actual: number, expected: number, relative: number): void {
  if (!(Math.abs(actual - expected) <= relative * Math.abs(expected)))
    throw new Error(`${actual}, expected ${expected} to ${relative}`);
}

async function expectThrown(run: () => unknown, kind: Kind): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (error instanceof kind) return;
    throw error;
  }
  throw new Error(`nothing was thrown, expected ${kind.name}`);
}

const LAYERS = 66_000;
const LONG = 17_000_003;

/** By what they find; each on the backend in use. */
const tests: Readonly<Record<string, (backend: GpuBackend) => Promise<void>>> = {
  "sums and products of whole numbers": async () =>
    expectSame(
      await tensor([1, 2, 3])
        .mul(tensor([4, 5, 6]))
        .add(0.5)
        .data(),
      [4.5, 10.5, 18.5],
    ),
  "NaN, infinities and the sign of zero": async () => {
    const x = tensor([Number.NaN, Number.POSITIVE_INFINITY, -0, -1]);
    expectSame(await x.relu().slice([0], [2]).data(), [Number.NaN, Number.POSITIVE_INFINITY]);
    expectSame(await x.neg().data(), [Number.NaN, Number.NEGATIVE_INFINITY, 0, 1]);
    expectSame(await x.exp().slice([1], [2]).data(), [Number.POSITIVE_INFINITY, 1]);
    expectSame(
      await tensor([1, -1, 0])
        .div(tensor([0, 0, 0]))
        .data(),
      [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN],
    );
  },
  "a loop of more than 1,000": async () => {
    const ones = tensor(new Float32Array(5000).fill(1), [1, 5000]);
    expectSame(await ones.matmul(ones.transpose([1, 0])).data(), [5000]);
  },
  "more than 65,535 layers": async () => {
    const y = arange(2 * LAYERS, { dtype: "float32" })
      .reshape([LAYERS, 1, 2])
      .sum([2]);
    expectSame((await y.data()).slice(-2), [4 * (LAYERS - 2) + 1, 4 * (LAYERS - 1) + 1]);
  },
  "a sum of more than 2^24 numbers": async () => {
    const x = tensor(new Float32Array(LONG).fill(1));
    expectNear((await x.sum().data())[0]!, LONG, 1e-7);
    x.dispose();
  },
  "the tiled product is gpu.js's": async () => {
    const [a, b] = [randn([130, 97], { seed: 1 }), randn([97, 71], { seed: 2 })];
    const tiled = await matmul(a, b).data();
    useHandWritten("products", false);
    try {
      const plain = await matmul(a, b).data();
      for (let i = 0; i < plain.length; i++)
        if (Math.abs(tiled[i]! - plain[i]!) > 1e-4) throw new Error(`element ${i}: ${tiled[i]} and ${plain[i]}`);
    } finally {
      useHandWritten("products", true);
    }
  },
  "batch norm where the mean is thousands of deviations": async () => {
    const x = randn([512, 4], { seed: 3 }).add(3000);
    const [y] = apply("batchNorm", [x, tensor([1, 1, 1, 1]), zeros([4])], { eps: 1e-5 });
    const values = await (y as Tensor).data();
    let [sum, squares] = [0, 0];
    for (const v of values) {
      sum += v;
      squares += v * v;
    }
    if (Math.abs(sum / values.length) > 1e-3) throw new Error(`the mean is ${sum / values.length}, expected 0`);
    expectNear(squares / values.length, 1, 1e-3);
  },
  "a replay is what was recorded": async () => {
    const twice = compile((x: Tensor) => x.mul(2).add(1).relu());
    for (let i = 0; i < 4; i++)
      expectSame(await scope(() => twice(tensor([i, -i])).data()), [2 * i + 1, Math.max(0, 1 - 2 * i)]);
    twice.dispose();
  },
  "S0's step, op by op and replayed, has a finite loss": async () => {
    const step = trainingStep({ batch: 2, imageSize: 32, numClasses: 10 });
    for (const run of [step.plain, step.replayed, step.replayed, step.replayed]) {
      const [loss] = await scope(() => run().data());
      if (!Number.isFinite(loss)) throw new Error(`the loss is ${loss}`);
    }
    step.dispose();
  },
  "memory stays where it was after a hundred steps": async (backend) => {
    const step = compile((x: Tensor) => x.matmul(x).relu().sum());
    const x = randn([64, 64]);
    let before = 0;
    for (let i = 0; i < 100; i++) {
      await scope(() => step(x).data());
      if (i === 3) before = backend.stats.deviceBytes!;
    }
    if (backend.stats.deviceBytes !== before) throw new Error(`${backend.stats.deviceBytes} bytes, were ${before}`);
    step.dispose();
  },
  "an index outside is an IndexError": () =>
    expectThrown(() => gather(zeros([4, 2]), tensor(Int32Array.of(0, 9))).data(), IndexError),
  "an integer that float32 rounds is a DTypeError": () => {
    const big = tensor(Int32Array.of(2 ** 24 - 1));
    return expectThrown(() => big.add(big).data(), DTypeError);
  },
  "a tensor that no index reaches is a MemoryError": () => expectThrown(() => zeros([2 ** 31]), MemoryError),
  "what the device refuses is a DeviceError": async () => {
    const device = await openDevice();
    device.gpu.createShaderModule({ code: "no program" });
    await device.gpu.queue.onSubmittedWorkDone();
    await expectThrown(() => device.check(), DeviceError);
    device.dispose();
  },
  "a lost device is a DeviceLostError": async () => {
    const device = await openDevice();
    device.gpu.destroy();
    await device.gpu.lost;
    await expectThrown(() => device.check(), DeviceLostError);
  },
};

export async function run({ row }: Telling): Promise<void> {
  const backend = await createGpuBackend();
  let failed = 0;
  await withBackend(backend, async () => {
    for (const [name, test] of Object.entries(tests)) {
      const start = performance.now();
      let result = "passed";
      try {
        await test(backend);
      } catch (error) {
        failed++;
        result = `FAILED: ${error instanceof Error ? error.message.split("\n")[0] : error}`;
      }
      row("self-tests", { test: name, result, ms: Math.round(performance.now() - start) });
    }
  });
  await backend.dispose();
  if (failed > 0) throw new Error(`${failed} of ${Object.keys(tests).length} self-tests failed`);
}
