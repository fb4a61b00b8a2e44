/** What operands are refused by name, which zeros and masks count, and that promotion leaves nothing behind. */
import { afterAll, describe, expect, it } from "vitest";
import { type Backend, withBackend } from "../../src/backends/backend.js";
import { referenceBackend } from "../../src/backends/reference/index.js";
import { createWasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import * as T from "../../src/index.js";

const wasm = createWasmBackend({ threads: 1, poison: true });
afterAll(() => wasm.dispose());

const backends: readonly Backend[] = [referenceBackend, wasm];
const named = backends.map((backend) => [backend.name, backend] as const);

describe.each(named)("operands, %s", (_, backend) => {
  it("are refused by name where they have no sane meaning", () =>
    withBackend(backend, () => {
      const int = T.tensor([5], [1], { dtype: "int32" });
      const byte = T.tensor([5], [1], { dtype: "uint8" });
      const refusals: Readonly<Record<string, () => unknown>> = {
        "add: 3000000000 is no int32": () => T.add(int, 3e9),
        "less: 3000000000 is no int32": () => T.less(int, 3e9),
        "sub: -3000000000 is no int32": () => T.sub(-3e9, int),
        "mul: -1 is no uint8": () => T.mul(byte, -1),
        "equal: 256 is no uint8": () => T.equal(byte, 256),
        "minimum: 300 is no uint8": () => T.clamp(byte, 0, 300),
        "where: 256 is no uint8": () => T.where(byte, byte, 256),
        "pad: value: 1.5 is no int32": () => T.pad(int, [[1, 1]], 1.5),
        "pad: value: NaN is no int32": () => T.pad(int, [[1, 1]], Number.NaN),
        "pad: value: 256 is no uint8": () => T.pad(byte, [[1, 1]], 256),
        "pow: int32 to the power of -1": () => T.pow(int, -1),
        "mean: operands are int32": () => T.mean(int),
        "softmax: operands are uint8": () => T.softmax(byte),
        "avgPool2d: operands are int32": () => T.avgPool2d(int.reshape([1, 1, 1, 1]), 1),
        "matmul: operands are int32 and float32": () => T.matmul(int.reshape([1, 1]), T.ones([1, 1])),
        "add: both operands are numbers": () => T.add(1, 2),
        "add: an operand is an array": () => T.add(int, [1] as unknown as T.Operand),
        "mul: an operand is a value of type string": () => T.mul(int, "2" as unknown as T.Operand),
      };
      for (const [message, refused] of Object.entries(refusals)) {
        expect(refused, message).toThrow(message);
        expect(refused, message).toThrow(T.TensoroneError);
      }
    }));

  it("of -0 are 0 among integers and themselves among floats", () =>
    withBackend(backend, () => {
      expect([...T.mul(T.ones([1]), -0).dataSync()]).toEqual([-0]);
      expect([...T.div(1, T.mul(T.ones([1]), -0)).dataSync()]).toEqual([Number.NEGATIVE_INFINITY]);
      expect([...T.add(T.tensor([1], [1], { dtype: "int32" }), -0).dataSync()]).toEqual([1]);
      expect(T.where(T.tensor([0, -0]), 1, 2).toArray()).toEqual([2, 2]);
    }));

  it("of a where may be two numbers: int64, or float32 where one is a fraction", () =>
    withBackend(backend, () => {
      const mask = T.tensor([1, 0], [2], { dtype: "uint8" });
      expect(T.where(mask, 1, 300).dataSync()).toEqual(BigInt64Array.of(1n, 300n));
      expect(T.where(mask, 1.5, 2).dataSync()).toEqual(Float32Array.of(1.5, 2));
      expect(T.where(mask, Number.NaN, 2).dataSync()).toEqual(Float32Array.of(Number.NaN, 2));
    }));

  it("of a where have gradients under a mask of any dtype", () =>
    withBackend(backend, () => {
      const [a, b] = [T.ones([3], { requiresGrad: true }), T.ones([3], { dtype: "float64", requiresGrad: true })];
      const mask = T.tensor([256, 0, -1], [3], { dtype: "int32" });
      T.where(mask, a, b)
        .mul(T.tensor([1, 2, 3]))
        .sum()
        .backward();
      expect(a.grad!.dataSync()).toEqual(Float32Array.of(1, 0, 3));
      expect(b.grad!.dataSync()).toEqual(Float64Array.of(0, 2, 0));
    }));

  it("promote in replays as they do in eager mode", () =>
    withBackend(backend, () => {
      const a = T.tensor([5, -5, 7], [3], { dtype: "int32" });
      const b = T.tensor([0.1, 3e10, -2], [3], { dtype: "float64" });
      const mixed = (x: T.Tensor, y: T.Tensor): T.Tensor[] =>
        T.noGrad(() => [
          T.add(x, y),
          T.div(x, 2),
          T.where(x, y, 2.5),
          T.clamp(x, -1.5, Number.POSITIVE_INFINITY),
          T.less(x, 0.5),
          T.stack([x, y], -1),
          T.sum(T.cast(x, "uint8")),
        ]);
      const expected = mixed(a, b).map((y) => y.dataSync());
      const compiled = T.compile(mixed);
      for (let call = 0; call < 4; call++) expect(compiled(a, b).map((y) => y.dataSync())).toEqual(expected);
      compiled.dispose();
    }));

  it("leave nothing behind", () =>
    withBackend(backend, () => {
      const [a, b] = [T.ones([8], { dtype: "int32" }), T.ones([8], { dtype: "float64" })];
      const mask = T.ones([8], { dtype: "uint8" });
      const before = T.liveStorage().storages;
      const results = [T.add(a, b), T.div(a, 2), T.where(mask, a, b), T.stack([a, b]), T.exp(a), T.less(0.5, a)];
      expect(() => T.add(a, 3e9)).toThrow(T.DTypeError);
      expect(T.liveStorage().storages).toBe(before + results.length);
      for (const y of results) y.dispose();
    }));
});
