/** Bits on the gpu backend, where numbers are float32: of both signs and to the ends of the dtypes, against the reference. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withBackend } from "../../src/backends/backend.js";
import { createGpuBackend, type GpuBackend } from "../../src/backends/gpu/gpu-backend.js";
import { referenceBackend } from "../../src/backends/reference/index.js";
import * as T from "../../src/index.js";
import { noDriver } from "./software-vulkan.js";

const SIGNED = [0, 1, -1, 2, -2, 5, -7, 255, -256, 65535, 1000003, -1000003, -8388608, 16777215];
const BYTES = [0, 1, 2, 7, 85, 128, 170, 254, 255];
const values = { uint8: BYTES, int32: SIGNED, int64: SIGNED } as const;
/** As far as every result is below 2^24, beyond which the backend refuses it. */
const LEFT = [0, 1, 3, 32, 33];
const RIGHT = [0, 1, 2, 8, 23, 31, 33, 63, 64, 65];
const small = (x: number): boolean => Math.abs(x) < 2 ** 20;

for (const mode of ["cpu", "webasm", "webgpu"] as const)
  describe.skipIf(mode === "webgpu" && noDriver !== null)(`gpu.js mode ${mode}`, () => {
    let backend: GpuBackend;
    beforeAll(async () => {
      backend = await createGpuBackend({ mode, poison: true });
    });
    afterAll(() => backend.dispose());

    it.each(Object.keys(values) as (keyof typeof values)[])("has the reference's bits of %s", async (dtype) => {
      const compute = async () => {
        const column = (list: readonly number[]) => T.tensor(list, [list.length, 1], { dtype });
        const all = values[dtype];
        const counts = dtype === "int64" ? LEFT.filter((n) => n < 32) : LEFT;
        const results = T.noGrad(() => [
          ...[T.bitwiseAnd, T.bitwiseOr, T.bitwiseXor].map((op) =>
            op(column(all.filter(small)), column(all.filter(small)).transpose()),
          ),
          T.bitwiseNot(column(all.filter(small))),
          T.bitwiseLeftShift(column(all.filter(small)), column(counts).transpose()),
          T.bitwiseRightShift(column(all), column(RIGHT).transpose()),
        ]);
        return Promise.all(results.map((y) => y.data()));
      };
      const expected = await withBackend(referenceBackend, compute);
      expect(await withBackend(backend, compute)).toEqual(expected);
    });

    it("refuses bits beyond float32's whole numbers, and has bytes of far shifts", async () =>
      withBackend(backend, async () => {
        const one = T.tensor([1], [1], { dtype: "int32" });
        await expect((async () => T.bitwiseLeftShift(one, 25).data())()).rejects.toThrow(T.DTypeError);
        const bytes = T.tensor([200, 200, 200], [3], { dtype: "uint8" });
        const counts = T.tensor([1, 8, 31], [3], { dtype: "uint8" });
        expect(await T.bitwiseLeftShift(bytes, counts).data()).toEqual(Uint8Array.of(144, 0, 0));
      }));
  });
