/** int64: how it is made and read, exact arithmetic, casts, indices, files of it in memory; on reference and wasm. */
import { afterAll, describe, expect, it } from "vitest";
import { type Backend, withBackend } from "../../src/backends/backend.js";
import { referenceBackend } from "../../src/backends/reference/index.js";
import { createWasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import * as T from "../../src/index.js";

const wasm = createWasmBackend({ threads: 1, poison: true });
afterAll(() => wasm.dispose());

const backends: readonly Backend[] = [referenceBackend, wasm];
const named = backends.map((backend) => [backend.name, backend] as const);

const FAR = 2n ** 53n + 1n;
const LEAST = -(2n ** 63n);

describe.each(named)("int64, %s", (_, backend) => {
  it("is made of bigints, and read as numbers where they are exact", () =>
    withBackend(backend, () => {
      const x = T.tensor([[1n, FAR]]);
      expect(x.dtype).toBe("int64");
      expect(x.toArray()).toEqual([[1, FAR]]);
      expect(x.dataSync<BigInt64Array>()).toEqual(BigInt64Array.of(1n, FAR));
      expect(x.bytes).toBe(16);
      expect(T.tensor(BigInt64Array.of(5n)).item()).toBe(5);
      expect(T.tensor(FAR).item<bigint>()).toBe(FAR);
      expect(T.full([2], FAR).toArray()).toEqual([FAR, FAR]);
      expect(T.arange(3, { dtype: "int64" }).toArray()).toEqual([0, 1, 2]);
      expect(T.format(x)).toMatch(/\[ +1, 9007199254740993\]/);
    }));

  it("is exact and wraps, where float64 would round", () =>
    withBackend(backend, () => {
      const x = T.tensor([FAR, LEAST, -3n]);
      expect(T.add(x, 1).dataSync()).toEqual(BigInt64Array.of(FAR + 1n, LEAST + 1n, -2n));
      expect(T.mul(x, FAR).dataSync()).toEqual(
        BigInt64Array.from([FAR * FAR, LEAST * FAR, -3n * FAR], (v) => BigInt.asIntN(64, v)),
      );
      expect(T.neg(x).dataSync()).toEqual(BigInt64Array.of(-FAR, LEAST, 3n));
      expect(T.fmod(x, 4).dataSync()).toEqual(BigInt64Array.of(1n, 0n, -3n));
      expect(T.remainder(x, 4).dataSync()).toEqual(BigInt64Array.of(1n, 0n, 1n));
      expect(T.floorDivide(x, -4).dataSync()).toEqual(BigInt64Array.of(-(FAR / 4n) - 1n, LEAST / -4n, 0n));
      // no integer is NaN
      for (const rest of [T.fmod, T.remainder, T.floorDivide]) expect(rest(x, 0).toArray()).toEqual([0, 0, 0]);
      expect(T.less(x, 2n ** 53n).toArray()).toEqual([false, true, true]);
      expect(T.sum(x).dataSync()).toEqual(BigInt64Array.of(FAR + LEAST - 3n));
      expect(T.max(x).item<bigint>()).toBe(FAR);
      expect(T.argmax(x).item()).toBe(0);
      expect(
        x
          .reshape([1, 3])
          .matmul(x.reshape([3, 1]))
          .item<bigint>(),
      ).toBe(BigInt.asIntN(64, FAR * FAR + LEAST * LEAST + 9n));
      expect(
        T.pad(x, [[1, 0]], 7)
          .slice([0], [2])
          .dataSync(),
      ).toEqual(BigInt64Array.of(7n, FAR));
      expect(
        T.concat([x, T.tensor(Int32Array.of(2))])
          .transpose()
          .dataSync(),
      ).toEqual(BigInt64Array.of(FAR, LEAST, -3n, 2n));
      expect(T.where(x, x, 0).dataSync()).toEqual(BigInt64Array.of(FAR, LEAST, -3n));
    }));

  it("sums many int32 and bytes without a cut", () =>
    withBackend(backend, () => {
      const large = T.full([3], 2 ** 31 - 1, { dtype: "int32" });
      expect(T.sum(large).item()).toBe(3 * (2 ** 31 - 1));
      expect(T.greater(T.arange(70_000), 9).sum().item()).toBe(69_990);
    }));

  it("casts as PyTorch does: float32 with one rounding", () =>
    withBackend(backend, () => {
      // half a step of float32 above 2^62, and one more: float64 would round it to the tie first
      const x = T.tensor([2n ** 62n + 2n ** 38n + 1n, -(2n ** 62n) - 2n ** 38n - 1n]);
      expect(x.cast("float32").dataSync()).toEqual(Float32Array.of(2 ** 62 + 2 ** 39, -(2 ** 62) - 2 ** 39));
      expect(T.tensor([Number.NaN, 1e30, -1.9]).cast("int64").dataSync()).toEqual(BigInt64Array.of(LEAST, LEAST, -1n));
      expect(
        T.tensor([2n ** 40n + 3n])
          .cast("int32")
          .dataSync(),
      ).toEqual(Int32Array.of(3));
    }));

  it("serves as indices, and is refused outside as int32 is", () =>
    withBackend(backend, () => {
      const table = T.tensor([
        [1, 2],
        [3, 4],
      ]);
      expect(T.gather(table, T.tensor([1n, 0n])).toArray()).toEqual([
        [3, 4],
        [1, 2],
      ]);
      expect(T.oneHot(T.tensor([1n]), 2).toArray()).toEqual([[0, 1]]);
      expect(() => T.gather(table, T.tensor([2n ** 32n + 1n]))).toThrow(T.IndexError);
    }));

  it("compiles", () =>
    withBackend(backend, () => {
      const f = T.compile((x: T.Tensor) => T.add(T.mul(x, 3n), FAR));
      for (let call = 0; call < 4; call++)
        expect(f(T.tensor([BigInt(call)])).item<bigint>()).toBe(FAR + 3n * BigInt(call));
      f.dispose();
    }));

  it("is refused by name where float64 would not be exact, and where there is no meaning", () =>
    withBackend(backend, () => {
      expect(() => T.maxPool2d(T.full([1, 2, 2, 1], FAR), 2)).toThrow("maxPool2d: the int64 number 9007199254740993");
      expect(T.maxPool2d(T.full([1, 2, 2, 1], 7n), 2).item()).toBe(7);
      expect(() => T.mean(T.tensor([1n]))).toThrow("mean: operands are int64");
      expect(() => T.tensor([2n ** 63n])).toThrow("tensor: 9223372036854775808 is no int64");
      expect(() => T.add(T.tensor([1n]), 2 ** 63)).toThrow(
        "add: 9223372036854776000 is no int64, expected an integer from -2^63 to",
      );
    }));
});
