/** The whole grid on WebGPU, over a software Vulkan driver, with hand-written products and with gpu.js's. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createGpuBackend, type GpuBackend } from "../../src/backends/gpu/gpu-backend.js";
import { useHandWritten } from "../../src/backends/gpu/wgsl/switches.js";
import { conformanceOf } from "./grid.js";
import { noDriver } from "./software-vulkan.js";

describe.skipIf(noDriver !== null)("WebGPU", () => {
  let backend: GpuBackend;
  beforeAll(async () => {
    backend = await createGpuBackend({ mode: "webgpu", poison: true });
  });
  afterAll(async () => {
    await backend.dispose();
  });
  it("says what runs", () => {
    expect(backend.mode).toBe("webgpu");
    expect(backend.device?.isSoftware).toBe(true);
    expect(backend.label).toContain("software");
  });
  conformanceOf("against reference", () => backend);

  describe("without tiled products", () => {
    let before: boolean;
    beforeAll(() => {
      before = useHandWritten("products", false);
    });
    afterAll(() => {
      useHandWritten("products", before);
    });
    conformanceOf(
      "against reference",
      () => backend,
      ({ isLarge }) => !isLarge,
      ["matmul", "conv2d", "conv2dInputGrad", "patchMoments"],
    );
  });
});
