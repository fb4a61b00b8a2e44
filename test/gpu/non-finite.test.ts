/** A device, too, gives no answer and no checkpoint of NaN and infinities, whatever it makes of them on their way. */
import { afterAll, beforeAll, describe, expect } from "vitest";
import { createGpuBackend, type GpuBackend } from "../../src/backends/gpu/gpu-backend.js";
import "../../src/index.js";
import { refusalsOn } from "../train/spoilt-models.js";
import { noDriver } from "./software-vulkan.js";

describe.skipIf(noDriver !== null)("on a device", () => {
  let backend: GpuBackend;
  beforeAll(async () => {
    backend = await createGpuBackend();
    expect(backend.mode).toBe("webgpu");
  });
  afterAll(() => backend.dispose());
  refusalsOn(() => backend);
});
