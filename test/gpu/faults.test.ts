/**
 * Errors of values: indices and labels that are outside, integers that float32 does not hold. On a device they come with the
 * next read, whatever is read, and once; on the processor at once.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withBackend } from "../../src/backends/backend.js";
import { createGpuBackend, type GpuBackend } from "../../src/backends/gpu/gpu-backend.js";
import { add, cast, compile, gather, nn, oneHot, type Tensor, tensor, zeros } from "../../src/index.js";
import { apply } from "../../src/ops/apply.js";
import { DTypeError, IndexError } from "../../src/util/errors.js";
import { noDriver } from "./software-vulkan.js";

const table = () => tensor([0, 1, 2, 3, 4, 5, 6, 7], [4, 2]);
const indices = (...values: number[]) => tensor(Int32Array.from(values));

/** What goes wrong, and what its error names. */
const wrong: readonly (readonly [name: string, run: () => Tensor, says: string])[] = [
  ["gather", () => gather(table(), indices(0, 3, 4, -1)), "gather: index 4 at position 2, expected 0 to 3"],
  ["gather below 0", () => gather(table(), indices(1, -2)), "gather: index -2 at position 1, expected 0 to 3"],
  ["oneHot", () => oneHot(indices(2, 5, 1, 9), 5), "oneHot: index 5 at position 1, expected 0 to 4"],
  [
    "scatterAdd",
    () => apply("scatterAdd", [table(), indices(0, 1, 2, 3)], { rows: 3 })[0],
    "scatterAdd: index 3 at position 3, expected 0 to 2",
  ],
  ["labels", () => nn.crossEntropy(table(), indices(0, 1, 2, 0)), "2 at position 2"],
  [
    "an index of a view, which begins where no binding may",
    () => gather(table(), indices(9, 9, 9, 0, 1, 7).slice([3])),
    "gather: index 7 at position 2",
  ],
  [
    "the last of very many",
    () => oneHot(tensor(Int32Array.from({ length: 10_000 }, (_, i) => (i === 9_999 ? 3 : i % 3))), 3),
    "oneHot: index 3 at position 9999, expected 0 to 2",
  ],
  ["nothing to choose from", () => gather(zeros([0, 2]), indices(0)), "expected none"],
];

for (const mode of ["cpu", "webasm"] as const)
  describe(`errors of values, gpu.js mode ${mode}`, () => {
    let backend: GpuBackend;
    beforeAll(async () => {
      backend = await createGpuBackend({ mode });
    });
    afterAll(async () => {
      await backend.dispose();
    });
    for (const [name, run, says] of wrong)
      it(`${name}: at once`, () =>
        withBackend(backend, () => {
          expect(run).toThrow(says);
        }));
  });

describe.skipIf(noDriver !== null)("errors of values on a device", () => {
  let backend: GpuBackend;
  const on = <T>(body: () => T | Promise<T>): Promise<T> => withBackend(backend, async () => body());
  beforeAll(async () => {
    backend = await createGpuBackend({ poison: true });
  });
  afterAll(async () => {
    await backend.dispose();
  });

  for (const [name, run, says] of wrong)
    it(`${name}: with the next read, once`, () =>
      on(async () => {
        const y = run();
        const other = tensor([1, 2, 3]);
        const read = other.data();
        await expect(read).rejects.toThrow(IndexError);
        await expect(run().data()).rejects.toThrow(says);
        expect(await other.data()).toEqual(Float32Array.of(1, 2, 3));
        y.dispose();
      }));

  it("names the first of several", () =>
    on(async () => {
      oneHot(indices(0, 7), 2);
      gather(table(), indices(8));
      await expect(zeros([1]).data()).rejects.toThrow("oneHot: index 7 at position 1");
    }));

  it("lets what is right pass, and indices at both ends", () =>
    on(async () => {
      expect(await gather(table(), indices(3, 0)).data()).toEqual(Float32Array.of(6, 7, 0, 1));
      expect(await oneHot(indices(0, 2), 3).data()).toEqual(Float32Array.of(1, 0, 0, 0, 0, 1));
    }));

  it("come from a replay, at every call that has one, and from no other", () =>
    on(async () => {
      const w = tensor([0.5, -0.5], [1, 2], { requiresGrad: true });
      const step = compile((labels: Tensor) => {
        const loss = nn.crossEntropy(zeros([3, 2]).add(w), labels);
        loss.backward();
        w.grad!.dispose();
        w.grad = null;
        return loss;
      });
      for (let call = 0; call < 6; call++) {
        const isWrong = call % 2 === 1;
        const read = step(indices(0, 1, isWrong ? 2 + call : 1)).data();
        if (isWrong) await expect(read).rejects.toThrow(`${2 + call} at position 2, expected 0 to 1`);
        else expect(Number.isFinite((await read)[0])).toBe(true);
      }
      step.dispose();
    }));

  it("costs a dispatch where there are indices, and none elsewhere", () =>
    on(async () => {
      const [x, i] = [table(), indices(1, 2)];
      const dispatchesOf = async (run: () => Tensor): Promise<number> => {
        await x.data();
        const before = backend.stats.dispatches!;
        await run().data();
        return backend.stats.dispatches! - before;
      };
      expect(await dispatchesOf(() => x.neg())).toBe(1);
      expect(await dispatchesOf(() => gather(x, i))).toBe(2);
    }));

  it("integers that float32 may have rounded are refused by name, with the next read", () =>
    on(async () => {
      const big = tensor(Int32Array.of(2 ** 24 - 1, 5));
      await expect(add(big, big).data()).rejects.toThrow(DTypeError);
      await expect(big.mul(big).sum().data()).rejects.toThrow(/gpu: mul: an integer of about 2814749\d+ at position 0/);
      expect(await add(big, 0).data()).toEqual(Int32Array.of(2 ** 24 - 1, 5));
      expect(() => tensor(Int32Array.of(1, 2 ** 24 + 1))).toThrow(/16777217 at position 1/);
      expect(await cast(tensor([3e9, Number.NaN, -7.9, 0.5]), "int32").data()).toEqual(
        Int32Array.of(-(2 ** 31), -(2 ** 31), -7, 0),
      );
    }));

  it("a sum that leaves the exact integers on its way is refused, whatever it ends at", () =>
    on(async () => {
      const x = tensor(Int32Array.of(2 ** 24 - 1, 2 ** 23, -(2 ** 24 - 1), 1));
      await expect(x.sum().data()).rejects.toThrow(/gpu: sum/);
      expect(await x.slice([1], [1]).sum().data()).toEqual(BigInt64Array.of(2n ** 23n));
    }));
});
