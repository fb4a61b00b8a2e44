/**
 * Zeros of both signs, infinities, NaN, denormals and tails on the gpu backend against PyTorch's numbers: in gpu.js's modes on
 * the processor, and on a device. int32 cases hold numbers that float32 has not, which are refused by name; float64 has
 * float32's digits there, so that its cases say nothing.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withBackend } from "../../src/backends/backend.js";
import { createGpuBackend, type GpuBackend } from "../../src/backends/gpu/gpu-backend.js";
import { DTypeError } from "../../src/util/errors.js";
import { runSpecial } from "../conformance/special.js";
import { specialCases } from "../golden/numbers/special-values.js";
import { noDriver } from "./software-vulkan.js";
import { gpuFailures } from "./special.js";

const cases = specialCases();
const floats = cases.filter(({ dtype }) => dtype === "float32");
const ops = [...new Set(floats.map(({ op }) => op))];

for (const mode of ["cpu", "webasm", "webgpu"] as const)
  describe.skipIf(mode === "webgpu" && noDriver !== null)(`special values, gpu.js mode ${mode}`, () => {
    let backend: GpuBackend;
    beforeAll(async () => {
      backend = await createGpuBackend({ mode, poison: true });
    });
    afterAll(async () => {
      expect(backend.mode).toBe(mode);
      await backend.dispose();
    });
    for (const op of ops)
      it(op, async () => {
        const own = floats.filter((one) => one.op === op);
        expect(await gpuFailures(backend, own)).toEqual([]);
      });

    it("refuses by name what int32 numbers float32 has not", async () => {
      const ends = cases.filter(
        ({ dtype, inputs }) => dtype === "int32" && inputs.some(({ values }) => values.includes(2 ** 31 - 1)),
      );
      expect(ends.length).toBeGreaterThan(10);
      for (const special of ends)
        await expect(
          withBackend(backend, () => runSpecial(special)),
          special.op,
        ).rejects.toThrow(DTypeError);
    });
  });
