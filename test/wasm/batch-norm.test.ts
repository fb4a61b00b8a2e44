import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { setBackend } from "../../src/backends/backend.js";
import { referenceBackend } from "../../src/backends/reference/index.js";
import { createWasmBackend, type WasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import type { Runner } from "../../src/ops/apply.js";
import { apply } from "../../src/ops/apply.js";
import { allocate } from "../../src/tensor/create.js";
import type { TypedArray } from "../../src/tensor/dtype.js";
import { Random } from "../../src/tensor/random.js";
import { scope } from "../../src/tensor/scope.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import { relativeError } from "../conformance/numbers.js";

let backend: WasmBackend;
beforeAll(async () => {
  await setBackend("reference");
  backend = createWasmBackend({ threads: 2 });
});
afterAll(() => backend.dispose());

/** Values of channel c around `mean(c)`. */
function rowsOf(
  rows: number,
  channels: number,
  value: (random: Random, row: number, c: number) => number,
): Float32Array {
  const random = new Random(3);
  return Float32Array.from({ length: rows * channels }, (_, i) =>
    value(random, Math.floor(i / channels), i % channels),
  );
}

function run(on: Runner, x: Float32Array, channels: number): TypedArray[] {
  return scope(() => {
    const make = (data: Float32Array, shape: number[]): Tensor => allocate(shape, "float32", on).write(data);
    const random = new Random(9);
    const vector = () =>
      make(
        Float32Array.from({ length: channels }, () => 0.5 + random.uniform()),
        [channels],
      );
    const input = make(x, [x.length / channels, channels]);
    const gamma = vector();
    const [y, mean, variance] = apply("batchNorm", [input, gamma, vector()], { eps: 1e-5 });
    const dy = make(
      Float32Array.from(x, () => random.normal()),
      [x.length / channels, channels],
    );
    const grads = apply("batchNormGrad", [dy, input, gamma, mean, variance], { eps: 1e-5 });
    return [y, mean, variance, ...grads].map((t) => t.dataSync());
  });
}

const names = ["y", "mean", "variance", "dx", "dgamma", "dbeta"];

describe("batch norm", () => {
  const inputs: { readonly [name: string]: (random: Random, row: number, c: number) => number } = {
    "means far from 0": (random, _, c) => 100 * (c - 2) + random.normal(),
    "a first row unlike the others": (random, row) => (row === 0 ? 1000 : 0) + random.normal(),
    "constant channels": (_, __, c) => c - 7.3,
    "few values other than 0": (random) => Math.max(0, random.normal() - 2),
  };
  for (const [name, value] of Object.entries(inputs))
    for (const [rows, channels] of [
      [9000, 10],
      [5000, 48],
      [7, 3],
      [3001, 1],
    ] as const)
      it(`is accurate with ${name}, [${rows}, ${channels}]`, () => {
        const x = rowsOf(rows, channels, value);
        const expected = run(referenceBackend, x, channels);
        run(backend, x, channels).forEach((got, i) => {
          // of a constant channel only rounding is left in variance and gradients
          const bar = name === "constant channels" && i >= 2 ? 1e-2 : 4e-6;
          const scale = Math.hypot(...expected[i]!.slice(0, 1000));
          if (scale > 1e-6) expect(relativeError(got, expected[i]!), names[i]).toBeLessThan(bar);
          else for (const v of got) expect(Math.abs(v), names[i]).toBeLessThan(1e-3);
        });
        expect(backend.stats.fallbacks).toEqual({});
      });

  it("keeps NaN", () => {
    const x = rowsOf(100, 5, (random) => random.normal());
    x[42 * 5 + 3] = Number.NaN;
    const [y] = run(backend, x, 5);
    expect([...y!].filter(Number.isNaN).length).toBe(100);
  });
});
