/**
 * NaN or an infinity planted in one element of one input, for every op: where the reference has no finite number, the gpu backend
 * has none either, so that nothing broken is laundered on the way. (The reverse is allowed: padding may be zeros that are
 * multiplied.) And zeros keep the sign that the reference gives them.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Backend, withBackend } from "../../src/backends/backend.js";
import { createGpuBackend, type GpuBackend } from "../../src/backends/gpu/gpu-backend.js";
import { referenceBackend } from "../../src/backends/reference/index.js";
import { clamp, conv2dBias, maximum, maxPool2d, minimum, relu, scope, type Tensor, tensor } from "../../src/index.js";
import { expectPlantedShows, plantedOps, smallCases } from "../conformance/planted.js";
import { noDriver } from "./software-vulkan.js";

/** Per op: the convolutions of the grid are many, and few kernels. */
const CASES = 16;
/** Evenly through a list. */
const some = <T>(list: readonly T[], count: number): T[] =>
  list.filter((_, i) => i % Math.ceil(list.length / count) === 0);

const [Z, M] = [0, -0];
const zeros: { readonly [name: string]: () => Tensor } = {
  relu: () => relu(tensor([Z, M, -1, 1])),
  maximum: () => maximum(tensor([Z, M, Z, M]), tensor([Z, Z, M, M])),
  minimum: () => minimum(tensor([Z, M, Z, M]), tensor([Z, Z, M, M])),
  clamp: () => clamp(tensor([Z, M, -1, 1]), 0, 0),
  max: () => tensor([Z, M, M, Z, M, M], [3, 2]).max(1),
  min: () => tensor([Z, M, M, Z, Z, Z], [3, 2]).min(1),
  "a window": () => maxPool2d(tensor([Z, M, M, Z, M, M, Z, Z], [1, 2, 4, 1]), [1, 2]),
  "a convolution with relu": () =>
    conv2dBias(tensor([1, -1], [1, 1, 2, 1]), tensor([M], [1, 1, 1, 1]), tensor([M]), { activation: "relu" }),
};

for (const mode of ["cpu", "webgpu"] as const)
  describe.skipIf(mode === "webgpu" && noDriver !== null)(`gpu.js mode ${mode}`, () => {
    let backend: GpuBackend;
    beforeAll(async () => {
      backend = await createGpuBackend({ mode, poison: true });
    });
    afterAll(async () => {
      await backend.dispose();
    });

    describe("a planted number that is not finite", () => {
      for (const op of plantedOps)
        it(op, async () => {
          for (const one of some(smallCases(op), CASES)) await expectPlantedShows(op, one, backend);
        });
    });

    describe("the sign of zeros", () => {
      for (const [name, make] of Object.entries(zeros))
        it(name, async () => {
          const on = (where: Backend) => withBackend(where, () => scope(() => make().data()));
          expect(await on(backend)).toEqual(await on(referenceBackend));
        });
    });
  });
