/** Every gpu kernel through gpu.js's public API, in the two modes that need no device: small cases, all ops, all gradients. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createGpuBackend, type GpuBackend } from "../../src/backends/gpu/gpu-backend.js";
import { conformanceOf } from "./grid.js";

for (const mode of ["cpu", "webasm"] as const)
  describe(`gpu.js mode ${mode}`, () => {
    let backend: GpuBackend;
    beforeAll(async () => {
      backend = await createGpuBackend({ mode, poison: true });
    });
    afterAll(async () => {
      expect(backend.mode).toBe(mode);
      expect(backend.device).toBeNull();
      await backend.dispose();
    });
    it("says what runs", () => {
      expect(backend.label).toContain(`mode ${mode}`);
    });
    conformanceOf(
      "against reference",
      () => backend,
      ({ isLarge }) => !isLarge,
    );
  });
