/** bool: how it is made and read, logic and masks, on reference and wasm; and what bool is refused. */
import { afterAll, describe, expect, it } from "vitest";
import { type Backend, withBackend } from "../../src/backends/backend.js";
import { referenceBackend } from "../../src/backends/reference/index.js";
import { createWasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import * as T from "../../src/index.js";

const wasm = createWasmBackend({ threads: 1, poison: true });
afterAll(() => wasm.dispose());

const backends: readonly Backend[] = [referenceBackend, wasm];
const named = backends.map((backend) => [backend.name, backend] as const);

/** Lengths around a vector, and one of several tasks. */
const LENGTHS = [1, 3, 4, 5, 16, 31, 70_001] as const;

describe.each(named)("bool, %s", (_, backend) => {
  it("is made of booleans, and read as booleans", () =>
    withBackend(backend, () => {
      const x = T.tensor([
        [true, false],
        [false, true],
      ]);
      expect(x.dtype).toBe("bool");
      expect(x.toArray()).toEqual([
        [true, false],
        [false, true],
      ]);
      expect(x.dataSync()).toEqual(Uint8Array.of(1, 0, 0, 1));
      expect(x.bytes).toBe(4);
      expect(T.tensor(true).item<boolean>()).toBe(true);
      expect(T.tensor([true, 2]).dtype).toBe("float32");
      expect(T.full([2], true).toArray()).toEqual([true, true]);
      expect(T.tensor([0, -0, Number.NaN, 0.1, 256], [5], { dtype: "bool" }).toArray()).toEqual([
        false,
        false,
        true,
        true,
        true,
      ]);
      expect(T.format(T.tensor([true, false]))).toContain("[ true, false]");
    }));

  it("takes any length from comparisons and gives it to where and casts", () =>
    withBackend(backend, () =>
      T.scope(() => {
        for (const length of LENGTHS) {
          const x = T.randn([length], { seed: length });
          const values = x.dataSync();
          const isPositive = T.greater(x, 0);
          const expected = Uint8Array.from(values, (v) => Number(v > 0));
          expect(isPositive.dataSync(), `${length}`).toEqual(expected);
          expect(T.where(isPositive, x, 0).dataSync(), `${length}`).toEqual(values.map((v) => (v > 0 ? v : 0)));
          expect(isPositive.cast("float32").dataSync(), `${length}`).toEqual(Float32Array.from(expected));
          expect(isPositive.cast("int32").cast("bool").dataSync(), `${length}`).toEqual(expected);
          // a view that starts at any byte
          const rest = isPositive.slice([1]);
          expect(T.logicalNot(rest).dataSync(), `${length}`).toEqual(expected.slice(1).map((v) => 1 - v));
        }
      }),
    ));

  it("is combined by logic, from any dtype", () =>
    withBackend(backend, () => {
      const a = T.tensor([true, true, false, false]);
      const b = T.tensor([0.4, 0, Number.NaN, -0]);
      expect(T.logicalAnd(a, b).toArray()).toEqual([true, false, false, false]);
      expect(T.logicalOr(a, b).toArray()).toEqual([true, true, true, false]);
      expect(T.logicalXor(a, b).toArray()).toEqual([false, true, true, false]);
      expect(T.logicalNot(b).toArray()).toEqual([false, true, false, true]);
      expect(a.add(true).toArray()).toEqual([true, true, true, true]);
      expect(a.mul(a).dtype).toBe("bool");
      expect(a.logicalAnd(T.tensor([[true], [false]])).shape).toEqual([2, 4]);
    }));

  it("compiles, and leaves nothing behind", () =>
    withBackend(backend, () => {
      const f = T.compile((x: T.Tensor) =>
        T.where(T.logicalAnd(x.greater(-1), x.less(1)), x, T.cast(x.equal(x), "float32")),
      );
      const before = T.liveStorage().storages;
      for (let call = 0; call < 4; call++) {
        const x = T.tensor([-2, 0.5, 0.25 * call, 3]);
        const y = f(x);
        expect(y.toArray()).toEqual([1, 0.5, 0.25 * call, 1]);
        x.dispose();
        y.dispose();
      }
      f.dispose();
      expect(T.liveStorage().storages).toBe(before);
    }));

  it("is refused where only numbers have a meaning", () =>
    withBackend(backend, () => {
      const x = T.tensor([true, false]);
      const refusals: Readonly<Record<string, () => unknown>> = {
        "sub: an operand is bool": () => T.sub(x, 1),
        "neg: operands are bool": () => T.neg(x),
        "relu: operands are bool": () => T.relu(x),
        "pow: operands are bool": () => T.pow(x, x),
        "mean: operands are bool": () => T.mean(x),
        "argmax: x is bool": () => T.argmax(x),
        "matmul: operands are bool": () => T.matmul(x.reshape([1, 2]), x.reshape([2, 1])),
        "requiresGrad: a bool tensor": () => T.tensor([true], [1], { requiresGrad: true }),
        "pad: value: 2 is no bool": () => T.pad(x, [[1, 1]], 2),
      };
      for (const [message, refused] of Object.entries(refusals)) {
        expect(refused, message).toThrow(message);
        expect(refused, message).toThrow(T.TensoroneError);
      }
    }));
});
