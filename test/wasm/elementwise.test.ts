import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { setBackend } from "../../src/backends/backend.js";
import { createWasmBackend, type WasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import { apply } from "../../src/ops/apply.js";
import { allocate } from "../../src/tensor/create.js";
import { scope } from "../../src/tensor/scope.js";

let backend: WasmBackend;
beforeAll(async () => {
  await setBackend("reference");
  backend = createWasmBackend({ threads: 1 });
});
afterAll(() => backend.dispose());

type Function = "exp" | "log" | "sigmoid" | "tanh";
const exact: { readonly [K in Function]: (x: number) => number } = {
  exp: Math.exp,
  log: Math.log,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  tanh: Math.tanh,
};

function evaluate(op: Function, xs: readonly number[]): Float32Array {
  return scope(() =>
    apply(op, [allocate([xs.length], "float32", backend).write(Float32Array.from(xs))], {})[0].dataSync(),
  ) as Float32Array;
}

/** Distance in units of the last place of the exact value. */
function ulps(got: number, exactValue: number): number {
  const unit = 2 ** (Math.max(Math.floor(Math.log2(Math.abs(exactValue))), -126) - 23);
  return Math.abs(got - exactValue) / unit;
}

/** Numbers from 2^low to 2^high, both signs unless positive. */
function spread(low: number, high: number, isPositive = false): number[] {
  const count = 20_001;
  const magnitudes = Array.from({ length: count }, (_, i) => Math.fround(2 ** (low + ((high - low) * i) / count)));
  return isPositive ? magnitudes : magnitudes.flatMap((x) => [x, -x]);
}

describe("vector math", () => {
  const domains: { readonly [K in Function]: readonly number[] } = {
    exp: spread(-30, 6.4).filter((x) => x > -103 && x < 88.7),
    log: [...spread(-148, 127.9, true), ...spread(-0.01, 0.01, true)],
    // below −80 the result is denormal or its rounding is that of e^−x alone
    sigmoid: spread(-30, 6.3),
    tanh: spread(-30, 5),
  };
  for (const op of Object.keys(domains) as Function[])
    it(`${op} is within 2.5 ulp`, () => {
      const xs = domains[op];
      const got = evaluate(op, xs);
      let worst = 0;
      let at = 0;
      xs.forEach((x, i) => {
        const error = ulps(got[i]!, exact[op](Math.fround(x)));
        if (error > worst) [worst, at] = [error, x];
      });
      expect(worst, `at ${at}`).toBeLessThan(2.5);
    });

  it("is right at the ends", () => {
    const ends = [0, -0, Infinity, -Infinity, NaN, 1e-42, -1e-42, 200, -200, 3e38, -3e38];
    for (const op of Object.keys(exact) as Function[])
      evaluate(op, ends).forEach((got, i) => {
        const expected = exact[op](Math.fround(ends[i]!));
        const rounded = Math.fround(expected);
        if (Number.isFinite(rounded)) expect(ulps(got, expected), `${op}(${ends[i]})`).toBeLessThan(2.5);
        else expect(got, `${op}(${ends[i]})`).toBe(rounded);
      });
  });
});

describe("elementwise", () => {
  const one = (op: "relu" | "sign" | "maximum" | "minimum", ...xs: number[]): number =>
    scope(
      () =>
        apply(
          op,
          xs.map((x) => allocate([], "float32", backend).write(Float32Array.of(x))) as never,
          {},
        )[0].dataSync()[0]!,
    );

  it("keeps NaN where the formula does", () => {
    expect([one("relu", NaN), one("sign", NaN), one("maximum", NaN, 1), one("minimum", 1, NaN)]).toEqual(
      Array(4).fill(NaN),
    );
  });

  it("declines integers visibly", () => {
    const a = allocate([2], "int32", backend).write(Int32Array.of(3, -4));
    expect([...apply("add", [a, a], {})[0].dataSync()]).toEqual([6, -8]);
    expect(backend.stats.fallbacks).toEqual({ add: 1 });
  });

  it("broadcasts over five axes that do not merge on the reference, over four here", () => {
    const make = (shape: number[]) =>
      allocate(shape, "float32", backend).write(new Float32Array(shape.reduce((a, b) => a * b)).fill(2));
    const y = apply("mul", [make([2, 1, 3, 1]), make([1, 2, 1, 70])], {})[0];
    expect(y.shape).toEqual([2, 2, 3, 70]);
    expect(new Set(y.dataSync())).toEqual(new Set([4]));
    expect(backend.stats.fallbacks.mul).toBeUndefined();
    const z = apply("mul", [make([2, 1, 3, 1, 2]), make([1, 2, 1, 3, 1])], {})[0];
    expect(new Set(z.dataSync())).toEqual(new Set([4]));
    expect(backend.stats.fallbacks.mul).toBe(1);
  });
});
