/** Programs that store float16: which values, what their kernels make of them, and who is refused. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Backend, withBackend } from "../../src/backends/backend.js";
import { createGpuBackend, type GpuBackend } from "../../src/backends/gpu/gpu-backend.js";
import { withHalves } from "../../src/backends/gpu/wgsl/halves.js";
import { referenceBackend } from "../../src/backends/reference/index.js";
import { createWasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import { compile, nn, Random, randn, type Tensor, tensor } from "../../src/index.js";
import { BackendError } from "../../src/util/errors.js";
import { relativeError } from "../conformance/numbers.js";
import { noDriver } from "./software-vulkan.js";

describe("a kernel on halves", () => {
  const text = `@group(0) @binding(0) var<uniform> params : Params;
@group(0) @binding(1) var<storage, read> a : array<f32>;
@group(0) @binding(2) var<storage, read_write> y : array<vec4<f32>>;
fn main() {
  let i = u32(a[0]);
  y[i] = tileA[i] * vec4<f32>(a[u32(a[i])]);
  y[i] += y[i + 1u];
  if (y[i].x == a[i]) { return; }
}`;

  it("reads and writes what is half, and leaves the rest", () => {
    const some = withHalves(text, [true, false]);
    expect(some).toContain("var<storage, read> a : array<f16>;");
    expect(some).toContain("y : array<vec4<f32>>;");
    expect(some).toContain("y[i] = tileA[i] * vec4<f32>(f32(a[u32(f32(a[i]))]));");
    expect(some).toContain("y[i] += y[i + 1u];");
    const all = withHalves(text, [true, true]);
    expect(all.startsWith("enable f16;")).toBe(true);
    expect(all).toContain("y[i] = vec4HalfOf(tileA[i] * vec4<f32>(f32(a[u32(f32(a[i]))])));");
    expect(all).toContain("y[i] = vec4HalfOf(vec4<f32>(y[i]) + (vec4<f32>(y[i + 1u])));");
    expect(all).toContain("if (vec4<f32>(y[i]).x == f32(a[i])) { return; }");
  });

  it("says which binding is no array of float32", () => {
    expect(() => withHalves(text, [false, false, true])).toThrow("binding 3 of a kernel is no array of float32");
  });
});

describe("float16 is refused", () => {
  const double = () => compile((x: Tensor) => x.mul(2), { precision: "float16" });

  it.each(["reference", "wasm", "webasm"])("on %s, with what has it", async (name) => {
    const backend: Backend =
      name === "reference"
        ? referenceBackend
        : name === "wasm"
          ? createWasmBackend({ threads: 1 })
          : await createGpuBackend({ mode: "webasm" });
    await withBackend(backend, () => {
      expect(() => double()(tensor([1]))).toThrow(BackendError);
      expect(() => double()(tensor([1]))).toThrow(/precision float16 .*expected/);
    });
    await backend.dispose?.();
  });

  it("under another name", () => {
    expect(() => compile((x: Tensor) => x, { precision: "half" as "float16" })).toThrow(
      'precision is "half", expected float32 or float16',
    );
  });
});

describe.skipIf(noDriver !== null)("float16 on a device", () => {
  let backend: GpuBackend;
  const on = <T>(body: () => Promise<T>): Promise<T> => withBackend(backend, body);
  beforeAll(async () => {
    backend = await createGpuBackend({ poison: true });
  });
  afterAll(async () => {
    await backend.dispose();
  });
  const half = <A extends Tensor[], R>(fn: (...args: A) => R) => compile(fn, { precision: "float16" });

  it("rounds products to eleven bits, from the first call on, and sums them in float32", () =>
    on(async () => {
      const random = new Random(1);
      const values = (n: number) => Float32Array.from({ length: n }, () => random.normal());
      // odd sizes: the last half of a buffer stands alone
      const [a, b] = [tensor(values(13 * 301), [13, 301]), tensor(values(301 * 11), [301, 11])];
      const plain = await a.matmul(b).relu().data();
      const fn = half((x: Tensor, y: Tensor) => {
        const product = x.matmul(y).relu();
        return { rounded: product.mul(1), sum: product.sum(0), count: product.exp().sum() };
      });
      const read = async () => {
        const { rounded, sum } = fn(a, b);
        return [await rounded.data(), await sum.data()] as const;
      };
      const [rounded, sum] = await read();
      expect(await read()).toEqual([rounded, sum]);
      const error = relativeError(rounded, plain);
      expect(error).toBeGreaterThan(1e-5);
      expect(error).toBeLessThanOrEqual(2 ** -10);
      // a float16 number is a whole number of units of its eleventh bit
      const isHalf = (v: number) => v === 0 || Number.isInteger(v / 2 ** (Math.floor(Math.log2(Math.abs(v))) - 10));
      expect([...rounded].filter((v) => !isHalf(v))).toEqual([]);
      const sums = Array.from({ length: 11 }, (_, j) =>
        [...rounded].reduce((s, v, i) => s + (i % 11 === j ? v : 0), 0),
      );
      expect(relativeError(sum, Float32Array.from(sums))).toBeLessThanOrEqual(1e-6);
    }));

  it("keeps infinities, NaN and what is beyond 65504 apart", () =>
    on(async () => {
      const one = tensor(Float32Array.of(1), [1, 1]);
      const values = [65504, 65519, 65520, 1e6, -1e6, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN];
      const column = tensor(Float32Array.from([...values, 0, -1]), [10, 1]);
      const out = await half((x: Tensor, y: Tensor) => x.matmul(y).mul(1))(column, one).data();
      expect(out[0]).toBe(65504);
      expect(out[1]).toBe(65504);
      const [inf, ninf] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
      expect([...out].slice(2)).toEqual([inf, inf, ninf, inf, ninf, Number.NaN, 0, -1]);
    }));

  it("has the gradients of weights as float32 beyond what float16 holds", () =>
    on(async () => {
      const w = tensor(Float32Array.of(1, 2), [2, 1], { requiresGrad: true });
      const grad = half((x: Tensor) => {
        nn.mseLoss(x.matmul(w), tensor(Float32Array.of(0, 0), [2, 1])).backward();
        const g = w.grad!;
        w.grad = null;
        return g;
      });
      const x = randn([2, 2], { seed: 4 }).mul(200);
      const values = await grad(x).data();
      expect(values.every((v) => Number.isFinite(v))).toBe(true);
      expect(Math.max(...values.map(Math.abs))).toBeGreaterThan(65504);
    }));
});
