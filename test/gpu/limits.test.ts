/**
 * What a real card's limits will do, on a device that counts: whole training steps of S0 at 224 px stay inside them or are
 * refused before the first, a recording does not double the memory, and what a device reports is an error with a name.
 */
import { describe, expect, it } from "vitest";
import { makeBatch } from "../../bench/work/work.js";
import { withBackend } from "../../src/backends/backend.js";
import { createGpuBackend, type GpuBackend } from "../../src/backends/gpu/gpu-backend.js";
import { models, tensor, zeros } from "../../src/index.js";
import { mobileoneS0 } from "../../src/models/mobileone/recipe-s0.js";
import { Session } from "../../src/train/steps/session.js";
import { WholeUpdate } from "../../src/train/steps/whole-update.js";
import { BackendError, DeviceError, DeviceLostError, MemoryError } from "../../src/util/errors.js";
import { asNavigator, type CountedLimits, CountingDevice, largeCard, webgpuDefaults } from "./counting-device.js";

const SIDE = 224;
/** Of parameters, of staging and of what checks keep: all that is not a tensor's. */
const SMALL_BYTES = 64 * 2 ** 20;

const openCounted = async (limits: CountedLimits): Promise<{ device: CountingDevice; backend: GpuBackend }> => {
  const device = new CountingDevice(limits);
  return { device, backend: await asNavigator(device.entry, () => createGpuBackend()) };
};

/** Steps of S0 as `train` takes them. */
function training(batch: number): () => Promise<unknown> {
  const model = models.createModel("mobileone_s0", { numClasses: 1000, training: "auto" });
  const update = new WholeUpdate(new Session({ ...mobileoneS0, model: "mobileone_s0" }, model, 1000));
  const pixels = makeBatch({ batch, imageSize: SIDE });
  return () => update.runLater(pixels);
}

describe("the limits of a device", () => {
  it.each([
    ["WebGPU's defaults", 32, webgpuDefaults],
    // 768 · 112 rows pass a side of workgroups, 768 · 48 · 112² numbers come near 2 GiB
    ["a large card's", 768, largeCard],
  ] as const)("S0 trains within %s at batch %i, op by op and replayed, in the memory of its recording", async (_, batch, limits) => {
    const { device, backend } = await openCounted(limits);
    await withBackend(backend, async () => {
      const step = training(batch);
      for (let i = 0; i < 4; i++) await step();
      const steady = device.liveBytes;
      expect(device.dispatches.length).toBeGreaterThan(4 * 4000);
      // the recording takes over what the steps before it have left
      expect(device.peakBytes / steady).toBeLessThan(1.15);
      expect(Math.abs(backend.stats.deviceBytes! - steady)).toBeLessThan(SMALL_BYTES);
    });
    await backend.dispose();
  });

  it.each([
    [
      "WebGPU's defaults",
      64,
      webgpuDefaults,
      "a tensor [64,112,112,48] of 154140672 bytes, the device takes at most 134217728",
    ],
    [
      "a large card's",
      1024,
      largeCard,
      "a tensor [1024,112,112,48] of 2466250752 bytes, the device takes at most 2147483644",
    ],
  ] as const)("S0 is refused by %s at batch %i before the first step, with the numbers", async (_, batch, limits, says) => {
    const { device, backend } = await openCounted(limits);
    await withBackend(backend, async () => {
      const step = training(batch);
      // the averages were copied from the weights
      await zeros([1]).data();
      const before = device.dispatches.length;
      await expect(step()).rejects.toThrow(MemoryError);
      await expect(step()).rejects.toThrow(says);
      await expect(step()).rejects.toThrow(says);
      // the batch has become numbers, nothing was done with them
      expect(new Set(device.dispatches.slice(before).map(({ name }) => name))).toEqual(
        new Set(["bytes through a table"]),
      );
    });
    await backend.dispose();
  });

  it("a tensor that no index reaches is refused, whatever the device binds", async () => {
    const { backend } = await openCounted({ ...largeCard, maxStorageBufferBindingSize: 2 ** 34 });
    await withBackend(backend, () => {
      expect(() => zeros([2 ** 31])).toThrow("gpu: a tensor of 8589934592 bytes, the device takes at most 8589934588");
    });
    await backend.dispose();
  });
});

describe("what a device reports", () => {
  it.each([
    ["GPUOutOfMemoryError", MemoryError, /^gpu: the device is out of memory, \d+ bytes are held there: no room/],
    ["GPUValidationError", DeviceError, /^gpu: the device refuses: no room/],
    ["GPUInternalError", DeviceError, /^gpu: the device fails: no room/],
  ] as const)("%s comes with the next read, once", async (name, kind, says) => {
    const { device, backend } = await openCounted(webgpuDefaults);
    await withBackend(backend, async () => {
      const x = tensor([1, 2, 3]);
      device.fail(name, "no room");
      device.fail("GPUValidationError", "a buffer that is none");
      const read = x.data();
      await expect(read).rejects.toThrow(kind);
      await expect(read).rejects.toThrow(says);
      await expect(x.data()).resolves.toHaveLength(3);
    });
    await backend.dispose();
  });

  it("a loss ends every read, of two at once too, leaves the process alone, and lets the backend end", async () => {
    const unhandled: unknown[] = [];
    const listen = (reason: unknown): void => void unhandled.push(reason);
    process.on("unhandledRejection", listen);
    const { device, backend } = await openCounted(webgpuDefaults);
    await withBackend(backend, async () => {
      const step = training(2);
      await step();
      const running = step();
      device.lose("somebody pulled the plug\nat line 7");
      await expect(running).rejects.toThrow(DeviceLostError);
      await expect(step()).rejects.toThrow("gpu: the device was lost: somebody pulled the plug\n  hint: ");
      await expect(zeros([2]).data()).rejects.toThrow(BackendError);
    });
    await backend.dispose();
    await new Promise((resolve) => setTimeout(resolve, 10));
    process.off("unhandledRejection", listen);
    expect(unhandled).toEqual([]);
  });
});
