import { afterAll, describe, expect, it } from "vitest";
import { createWasmBackend, type WasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import { apply } from "../../src/ops/apply.js";
import type { Attrs } from "../../src/ops/spec/index.js";
import { allocate } from "../../src/tensor/create.js";
import { Random } from "../../src/tensor/random.js";
import { scope } from "../../src/tensor/scope.js";
import type { Tensor } from "../../src/tensor/tensor.js";

/** The first two must agree in every bit; the others have kernels of their own. */
const backends = [
  createWasmBackend({ threads: 1 }),
  createWasmBackend({ threads: 2 }),
  createWasmBackend({ threads: 1, target: { fma: false, fences: false, shared: false } }),
  createWasmBackend({ threads: 2, target: { lanes: 8 } }),
] as const;
afterAll(() => Promise.all(backends.map((backend) => backend.dispose())));

const random = new Random(5);
const values = (size: number): Float32Array => Float32Array.from({ length: size }, () => random.uniform() - 0.5);
const on = (backend: WasmBackend, shape: number[], data: Float32Array): Tensor =>
  allocate(shape, "float32", backend).write(data);

/** a, b as stored; the plain definition in float64. */
function product(
  a: Float32Array,
  b: Float32Array,
  m: number,
  n: number,
  k: number,
  { transposeA, transposeB }: Attrs<"matmul">,
): Float64Array {
  const y = new Float64Array(m * n);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let p = 0; p < k; p++)
        sum += a[transposeA ? p * m + i : i * k + p]! * b[transposeB ? j * k + p : p * n + j]!;
      y[i * n + j] = sum;
    }
  return y;
}

function expectClose(got: ArrayLike<number>, expected: ArrayLike<number>, k: number, label: string): void {
  let worst = 0;
  for (let i = 0; i < expected.length; i++) worst = Math.max(worst, Math.abs(got[i]! - expected[i]!));
  // |products| <= 1/4: rounding of a blocked float32 sum of k of them
  expect(worst, label).toBeLessThan(6e-7 * Math.sqrt(k) + 1e-7);
}

function check(m: number, n: number, k: number, attrs: Attrs<"matmul">): void {
  const a = values(m * k);
  const b = values(k * n);
  const expected = product(a, b, m, n, k, attrs);
  const label = `${m}x${n}x${k} ${JSON.stringify(attrs)}`;
  const results = backends.map((backend) =>
    scope(() => {
      const x = on(backend, attrs.transposeA ? [k, m] : [m, k], a);
      const w = on(backend, attrs.transposeB ? [n, k] : [k, n], b);
      return apply("matmul", [x, w], attrs)[0].dataSync();
    }),
  );
  for (const result of results) expectClose(result, expected, k, label);
  expect(Buffer.compare(Buffer.from(results[0]!.buffer), Buffer.from(results[1]!.buffer)), `bits of ${label}`).toBe(0);
}

const transposes = [false, true].flatMap((transposeA) =>
  [false, true].map((transposeB) => ({ transposeA, transposeB })),
);

describe.each(transposes)("matmul, %o", (attrs) => {
  it("is right for every small size", () => {
    for (let m = 1; m <= 33; m += m < 14 ? 1 : 7)
      for (let n = 1; n <= 33; n += n < 18 ? 1 : 5) check(m, n, 1 + ((m * 7 + n * 3) % 33), attrs);
  });
  it("is right for long, wide and blocked sizes", () => {
    check(7, 10, 1027, attrs);
    check(50, 1000, 96, attrs);
    check(13, 27, 3000, attrs);
    check(300, 270, 301, attrs);
    check(32, 290, 2049, attrs);
    check(1, 1000, 1024, attrs);
    check(2000, 9, 5, attrs);
  });
  it("broadcasts batches", () => {
    const { transposeA, transposeB } = attrs;
    const [m, n, k] = [5, 6, 7];
    const a = values(3 * m * k);
    const b = values(2 * 3 * k * n);
    for (const backend of backends) {
      const x = on(backend, transposeA ? [3, k, m] : [3, m, k], a);
      const w = on(backend, transposeB ? [2, 1, n, k] : [2, 1, k, n], b.subarray(0, 2 * k * n));
      const y = apply("matmul", [x, w], attrs)[0];
      expect(y.shape).toEqual([2, 3, m, n]);
      const got = y.dataSync();
      for (let batch = 0; batch < 6; batch++) {
        const left = a.subarray((batch % 3) * m * k);
        const right = b.subarray(Math.floor(batch / 3) * k * n);
        const at = batch * m * n;
        expectClose(got.subarray(at, at + m * n), product(left, right, m, n, k, attrs), k, `batch ${batch}`);
      }
      const one = apply(
        "matmul",
        [x, on(backend, transposeB ? [n, k] : [k, n], b.subarray(0, k * n))],
        attrs,
      )[0].dataSync();
      for (let batch = 0; batch < 3; batch++)
        expectClose(
          one.subarray(batch * m * n, (batch + 1) * m * n),
          product(a.subarray(batch * m * k), b, m, n, k, attrs),
          k,
          "one b",
        );
    }
  });
});

describe("matmul", () => {
  it("works above 2 GiB, where pointers are negative as signed numbers", () => {
    const held = backends.map((backend) => {
      // never touched, so it costs address space only
      const blocks = [backend.allocate("uint8", 2 ** 31)];
      // small holes below are filled until new blocks lie above
      while (blocks.at(-1)!.block.pointer < 2 ** 31) blocks.push(backend.allocate("float32", 1024));
      return blocks;
    });
    for (const attrs of transposes) check(50, 35, 300, attrs);
    backends.forEach((backend, i) => {
      for (const block of held[i]!) backend.free(block);
    });
  });
  it("leaves no memory behind and no case to the reference", () => {
    const [backend] = backends;
    const before = backend.stats.liveBytes;
    check(40, 40, 40, { transposeA: false, transposeB: false });
    expect(backend.stats.liveBytes).toBe(before);
    expect(backend.stats.fallbacks).not.toHaveProperty("matmul");
  });
  it("falls back, counted, for what it declines", () => {
    const [backend] = backends;
    const x = allocate([2, 2], "int32", backend).write(Int32Array.from([1, 2, 3, 4]));
    expect([...apply("matmul", [x, x], { transposeA: false, transposeB: false })[0].dataSync()]).toEqual([
      7, 10, 15, 22,
    ]);
    expect(backend.stats.fallbacks.matmul).toBe(1);
    expect(backend.coverage().matmul).toBe("wasm");
  });
});
