/** Activations and functions of one number against mpmath and PyTorch: golden/activations, which make-activations.py beside it wrote. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gradientsOf } from "../../src/autograd/backward.js";
import type { Backend } from "../../src/backends/backend.js";
import { referenceBackend } from "../../src/backends/reference/index.js";
import { createWasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import * as T from "../../src/index.js";
import type { FloatDType } from "../../src/nn/index.js";

type Written = number | string;
interface Row {
  readonly values: readonly Written[];
  readonly slopes: readonly Written[];
  /** How far PyTorch's own float32 is from them, relative. */
  readonly single: readonly [values: readonly number[], slopes: readonly number[]];
}

const { points, rows } = JSON.parse(
  readFileSync(new URL("../golden/activations/activations.json", import.meta.url), "utf8"),
) as { readonly points: readonly number[]; readonly rows: Readonly<Record<string, Row>> };

/** As make-activations.py calls them. */
const called: { readonly [name: string]: (x: T.Tensor) => T.Tensor } = {
  geluTanh: (x) => T.gelu(x, { approximate: "tanh" }),
  softplus: (x) => T.softplus(x, { threshold: 1e30 }),
  celu: (x) => T.celu(x, 2),
  leakyRelu: (x) => T.leakyRelu(x, 0.2),
  prelu: (x) => T.prelu(x, T.tensor([0.3], undefined, { dtype: x.dtype as FloatDType })),
  hardtanh: (x) => T.hardtanh(x, -2, 0.5),
  threshold: (x) => T.threshold(x, 0.5, 7),
};
const functionOf = (name: string) => called[name] ?? (T as unknown as Record<string, (x: T.Tensor) => T.Tensor>)[name]!;

/** Relative. PyTorch's float64 itself is 1e-10 from the truth where its float32 is 1e-2. */
const BOUNDS = { float64: 1e-10, float32: 1e-5 } as const;
/** The project's bar beside PyTorch's own float32. */
const TIMES_SINGLE = 10;
/** Absolute, in roundings of 1: 1 − the slope of tanh. */
const differences: { readonly [name: string]: number } = { tanhshrink: 4 };
const EPSILON = { float64: Number.EPSILON, float32: 2 ** -23 } as const;
/** Absolute: the smallest normal float32, below which digits go. */
const SMALLEST_NORMAL = 2 ** -126;

function failures(name: string, dtype: "float32" | "float64"): string[] {
  return T.scope(() => {
    const x = T.tensor([...points], undefined, { dtype, requiresGrad: true });
    const y = functionOf(name)(x);
    const found = y.dataSync();
    const [slope] = gradientsOf(T.sum(y), [x]);
    const { values, slopes, single } = rows[name]!;
    return [
      { what: "value", actual: found, expected: values, loss: single[0] },
      { what: "slope", actual: slope!.dataSync(), expected: slopes, loss: single[1] },
    ].flatMap(({ what, actual, expected, loss }) =>
      expected.flatMap((written, i) => {
        const [wanted, got] = [Number(written), actual[i]!];
        const rounded = dtype === "float32" ? Math.fround(wanted) : wanted;
        if (Object.is(got, rounded) || (got === 0 && wanted === 0)) return [];
        const bound = Math.max(BOUNDS[dtype], dtype === "float32" ? TIMES_SINGLE * loss[i]! : 0);
        const distance = Math.abs(got - wanted);
        if (distance <= Math.max(bound * Math.abs(wanted), EPSILON[dtype] * (differences[name] ?? 0))) return [];
        if (dtype === "float32" && distance <= SMALLEST_NORMAL) return [];
        // beyond what float32 holds, or where PyTorch's own has no number
        if (dtype === "float32" && loss[i] === 1 && !Number.isFinite(got)) return [];
        return [`${what} at ${points[i]}: ${got}, expected ${wanted}`];
      }),
    );
  });
}

describe("activations", () => {
  let wasm: Backend;
  beforeAll(() => {
    wasm = createWasmBackend({ threads: 2 });
  });
  afterAll(async () => {
    await wasm.dispose?.();
  });

  for (const name of Object.keys(rows))
    it(`${name}: float64 on the reference, float32 on wasm`, async () => {
      expect(await T.withBackend(referenceBackend, () => failures(name, "float64"))).toEqual([]);
      expect(await T.withBackend(wasm, () => failures(name, "float32"))).toEqual([]);
    });

  it("answer what is wrong by name", () => {
    const x = T.tensor([[1, 2, 3]]);
    expect(() => T.prelu(x, T.tensor([1, 2]))).toThrow(/prelu: weight \[2\] for an input \[1, 3\].*\[3\]/);
    expect(() => T.gelu(x, { approximate: "erf" as never })).toThrow(/gelu: approximate is erf/);
    expect(() => T.hardtanh(x, 1, 1)).toThrow(/hardtanh: low is 1 and high is 1/);
    expect(() => T.softshrink(x, -1)).toThrow(/softshrink: lambd is -1/);
    expect(() => T.silu(T.tensor([1], undefined, { dtype: "int32" }))).toThrow(T.DTypeError);
  });

  it("prelu gives the slope of each channel its own gradient, an infinity beside it or not", () => {
    const weight = T.tensor([0.5, 2], undefined, { requiresGrad: true });
    const x = T.tensor([
      [-1, Number.POSITIVE_INFINITY],
      [-3, -4],
    ]);
    const y = T.prelu(x, weight);
    expect(y.toArray()).toEqual([
      [-0.5, Number.POSITIVE_INFINITY],
      [-1.5, -8],
    ]);
    expect(gradientsOf(T.sum(y), [weight])[0]!.toArray()).toEqual([-4, -4]);
  });

  it("lerp and tests of numbers", () => {
    const x = T.tensor([Number.NaN, Number.POSITIVE_INFINITY, -2.5]);
    expect(T.isNaN(x).toArray()).toEqual([true, false, false]);
    expect(T.isInf(x).toArray()).toEqual([false, true, false]);
    expect(T.isFinite(x).toArray()).toEqual([false, false, true]);
    expect(T.lerp(T.tensor([1, 1e30]), T.tensor([3, 1]), 1).toArray()).toEqual([3, 1]);
    expect(T.lerp(T.tensor([1, 1]), T.tensor([3, 3]), T.tensor([0.25, 0.75])).toArray()).toEqual([1.5, 2.5]);
  });
});
