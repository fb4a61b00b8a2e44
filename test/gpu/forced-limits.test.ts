/**
 * A real driver whose limits are forced low: what runs gives the numbers that it gives without them, what does not fit is
 * refused with the numbers, and a device that goes away is an error that names it.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeBatch } from "../../bench/work/work.js";
import { type Backend, withBackend } from "../../src/backends/backend.js";
import { openDevice } from "../../src/backends/gpu/device.js";
import { createGpuBackend, GpuBackend } from "../../src/backends/gpu/gpu-backend.js";
import { loadGpuJs } from "../../src/backends/gpu/gpujs.js";
import { WebGpuExecutor } from "../../src/backends/gpu/webgpu-executor.js";
import { models, zeros } from "../../src/index.js";
import { mobileoneS0 } from "../../src/models/mobileone/recipe-s0.js";
import type { Attrs } from "../../src/ops/spec/index.js";
import { Session } from "../../src/train/steps/session.js";
import { WholeUpdate } from "../../src/train/steps/whole-update.js";
import { DeviceLostError, MemoryError } from "../../src/util/errors.js";
import { type Case, cases, type GridOp } from "../conformance/cases/index.js";
import { errorsOf } from "../conformance/errors.js";
import { type CountedLimits, webgpuDefaults } from "./counting-device.js";
import { TOLERANCE } from "./grid.js";
import { noDriver } from "./software-vulkan.js";

/** WebGPU takes no request for less than its defaults: the device is told to say less. */
async function limitedBackend(limits: CountedLimits): Promise<{ backend: GpuBackend; gpu: GPUDevice }> {
  const device = await openDevice();
  const own = device.gpu.limits;
  Object.defineProperty(device.gpu, "limits", {
    value: new Proxy(own, { get: (from, name) => Reflect.get(limits, name) ?? Reflect.get(from, name, from) }),
  });
  const executor = new WebGpuExecutor(device, await loadGpuJs(), true);
  return { backend: new GpuBackend("webgpu", executor, device.info), gpu: device.gpu };
}

/** Of the cases of an op, one of so many. */
const EVERY = 16;

const lossesOn = (backend: Backend, batch: number, imageSize: number): Promise<number[]> =>
  withBackend(backend, async () => {
    const model = models.createModel("mobileone_s0", { numClasses: 1000, training: "auto", seed: 5 });
    const update = new WholeUpdate(new Session({ ...mobileoneS0, model: "mobileone_s0" }, model, 1000));
    const pixels = makeBatch({ batch, imageSize });
    const losses: number[] = [];
    for (let i = 0; i < 3; i++) losses.push((await update.runLater(pixels)).loss);
    return losses;
  });

describe.skipIf(noDriver !== null)("a driver with its limits forced low", () => {
  let plain: GpuBackend;
  let expected: number[];
  beforeAll(async () => {
    plain = await createGpuBackend();
    expected = await lossesOn(plain, 4, 32);
  });
  afterAll(async () => {
    await plain.dispose();
  });

  it.each([
    ["WebGPU's defaults", webgpuDefaults],
    // the largest tensor is a weight of 1024 · 1024 numbers
    ["4 MiB a piece", { ...webgpuDefaults, maxStorageBufferBindingSize: 2 ** 22 }],
  ] as const)("S0 trains with the same numbers under %s", async (_, limits) => {
    const { backend } = await limitedBackend(limits);
    expect(await lossesOn(backend, 4, 32)).toEqual(expected);
    await backend.dispose();
  });

  it("S0 is refused with the numbers under 256 KiB a piece", async () => {
    const { backend } = await limitedBackend({ ...webgpuDefaults, maxStorageBufferBindingSize: 2 ** 18 });
    await expect(lossesOn(backend, 4, 32)).rejects.toThrow(MemoryError);
    await expect(lossesOn(backend, 4, 32)).rejects.toThrow(/a tensor of \d+ bytes, the device takes at most 262144/);
    await backend.dispose();
  });

  it("the grid is right or refused under 1 KiB a piece", async () => {
    const { backend } = await limitedBackend({ ...webgpuDefaults, maxStorageBufferBindingSize: 1024 });
    let right = 0;
    let refused = 0;
    for (const op of Object.keys(cases) as GridOp[])
      for (const one of (cases[op] as readonly Case<Attrs<GridOp>>[]).filter((_, i) => i % EVERY === 0))
        try {
          for (const { error, where } of await errorsOf(backend, op, [one])) {
            right++;
            expect(error, where).toBeLessThanOrEqual(TOLERANCE);
          }
        } catch (error) {
          if (!(error instanceof MemoryError)) throw error;
          refused++;
          expect(error.message).toMatch(/bytes, the device takes at most 1024 in one piece/);
        }
    // both kinds are there, or the limit says nothing
    expect(right).toBeGreaterThan(15);
    expect(refused).toBeGreaterThan(5);
    await backend.dispose();
  }, 400_000);

  it("a device that was destroyed is named, at every read, and the backend ends", async () => {
    const { backend, gpu } = await limitedBackend(webgpuDefaults);
    await withBackend(backend, async () => {
      const x = zeros([3]);
      expect([...(await x.data())]).toEqual([0, 0, 0]);
      gpu.destroy();
      await expect(x.data()).rejects.toThrow(DeviceLostError);
      await expect(zeros([2]).add(1).data()).rejects.toThrow(/^gpu: the device was lost: /);
    });
    await backend.dispose();
  });
});
