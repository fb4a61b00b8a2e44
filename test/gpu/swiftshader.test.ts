/** The special values on SwiftShader, Chromium's driver, which takes denormal numbers for zeros; lavapipe keeps most. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createGpuBackend, type GpuBackend } from "../../src/backends/gpu/gpu-backend.js";
import { specialCases } from "../golden/numbers/special-values.js";
import { takeSwiftShader } from "./software-vulkan.js";
import { gpuFailures } from "./special.js";

const missing = takeSwiftShader();
if (missing !== null) console.warn(`\n  SKIPPED: special values on SwiftShader: ${missing}\n`);

const floats = specialCases().filter(({ dtype }) => dtype === "float32");

describe.skipIf(missing !== null)("special values on SwiftShader", () => {
  let backend: GpuBackend;
  beforeAll(async () => {
    backend = await createGpuBackend({ mode: "webgpu", poison: true });
    expect(backend.device?.architecture).toBe("swiftshader");
  });
  afterAll(async () => {
    await backend.dispose();
  });
  for (const op of new Set(floats.map((one) => one.op)))
    it(op, async () => {
      const own = floats.filter((one) => one.op === op);
      expect(await gpuFailures(backend, own)).toEqual([]);
    });
});
