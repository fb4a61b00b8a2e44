/**
 * Functions that move numbers against PyTorch (golden/movement): values in float64, int32 and uint8, gradients in float64, on the
 * reference and on wasm, eagerly and compiled, and in float32. All inputs are quarters, so that every sum is exact and no
 * result may differ in a bit.
 */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gradientsOf } from "../../src/autograd/backward.js";
import { createWasmBackend, type WasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import * as T from "../../src/index.js";
import { type DType, newArray } from "../../src/tensor/dtype.js";
import type { Shape } from "../../src/tensor/shape.js";
import { sizeOf } from "../../src/tensor/shape.js";

interface Values {
  readonly shape: Shape;
  readonly values: readonly number[];
}
interface MovementCase {
  readonly name: string;
  readonly args: readonly unknown[];
  readonly dtype: DType;
  readonly shapes: readonly Shape[];
  readonly ints?: readonly Values[];
  readonly results: readonly Values[];
  readonly gradients?: readonly (readonly number[])[];
}

const file = new URL("../golden/movement/movement.json", import.meta.url);
const { cases } = JSON.parse(readFileSync(file, "utf8")) as { readonly cases: readonly MovementCase[] };

/** As the script that made the file counts. */
function counted(shape: Shape, k: number, own: DType, dtype: DType): T.Tensor {
  const values = newArray(dtype, sizeOf(shape));
  for (let i = 0; i < values.length; i++) {
    const v = ((i * 7 + k * 5) % 23) - (own === "uint8" ? 0 : 9);
    values[i] = own === "float64" ? v / 4 : v;
  }
  return T.tensor(values, shape, { dtype });
}

type Result = readonly T.Tensor[];

/** A case's function over its own tensors, the integers in `fixed`. */
function call({ name, args }: MovementCase, xs: readonly T.Tensor[], fixed: readonly T.Tensor[]): Result {
  const given = (arg: unknown): unknown => {
    if (Array.isArray(arg)) return arg.map(given);
    const [, kind, place] = (typeof arg === "string" && /^([xi])(\d)$/.exec(arg)) || [];
    if (kind === undefined) return arg;
    return (kind === "x" ? xs : fixed)[Number(place)];
  };
  const list = args.map(given);
  const fn = (T as unknown as Record<string, (...args: unknown[]) => T.Tensor | T.Tensor[]>)[name]!;
  const y = fn(...(name === "meshgrid" ? [list[0], list[1]] : list));
  return Array.isArray(y) ? y : [y];
}

interface Outcome {
  readonly results: readonly (Values & { readonly dtype: DType })[];
  readonly gradients?: readonly (readonly number[])[];
}

function run(one: MovementCase, dtype: DType, isCompiled: boolean): Outcome {
  return T.scope(() => {
    const xs = one.shapes.map((shape, k) => counted(shape, k, one.dtype, dtype));
    const fixed = (one.ints ?? []).map(({ shape, values }) => T.tensor(Int32Array.from(values), shape));
    if (one.gradients) for (const x of xs) x.requiresGrad = true;
    const body = (): { ys: Result; dxs: readonly (T.Tensor | null)[] } => {
      const ys = call(one, xs, fixed);
      if (!one.gradients) return { ys, dxs: [] };
      const parts = ys.map((y) => {
        const weights = Float64Array.from({ length: y.size }, (_, i) => (i % 7) - 3);
        return T.sum(T.mul(y, T.tensor(weights, y.shape, { dtype })));
      });
      const total = parts.reduce((sum, part) => sum.add(part), T.tensor(0, [], { dtype }));
      for (const y of ys) y.keep();
      return { ys, dxs: gradientsOf(total, xs) };
    };
    const { ys, dxs } = isCompiled ? T.compile(body)() : body();
    const numbersOf = (x: T.Tensor): number[] => Array.from(x.dataSync(), (v) => v + 0);
    const results = ys.map((y) => ({ shape: y.shape, values: numbersOf(y), dtype: y.dtype }));
    for (const y of ys) y.dispose();
    if (!one.gradients) return { results };
    return { results, gradients: dxs.map((dx, k) => (dx ? numbersOf(dx) : new Array(xs[k]!.size).fill(0))) };
  });
}

function expectTorch(one: MovementCase, dtype: DType, isCompiled: boolean): void {
  const label = `${one.name} ${JSON.stringify(one.args)} of ${JSON.stringify(one.shapes)} ${dtype}`;
  const outcome = run(one, dtype, isCompiled);
  const rounded = (v: number): number => (dtype === "float32" ? Math.fround(v) : v);
  expect(outcome.results, label).toEqual(
    one.results.map(({ shape, values }) => ({
      shape,
      values: values.map(rounded),
      dtype: one.name === "nonzero" ? "int32" : dtype,
    })),
  );
  if (one.gradients) expect(outcome.gradients, `gradients, ${label}`).toEqual(one.gradients);
}

/** What runs on the reference's kernels on wasm: nothing to do, and comparisons of integers. */
const borrows = ({ name, shapes, ints = [], results }: MovementCase): boolean =>
  name === "maskedFill" || [...shapes, ...[...ints, ...results].map(({ shape }) => shape)].flat().includes(0);

const names = [...new Set(cases.map(({ name }) => name))];
const casesOf = (name: string): readonly MovementCase[] => cases.filter((one) => one.name === name);

describe("on the reference", () => {
  beforeAll(async () => {
    await T.setBackend("reference");
  });
  for (const name of names)
    it(name, () => {
      for (const one of casesOf(name)) expectTorch(one, one.dtype, false);
    });
});

describe("on wasm", () => {
  let backend: WasmBackend;
  beforeAll(() => {
    backend = createWasmBackend({ threads: 1, poison: true });
  });
  afterAll(() => backend.dispose());
  const fallbacks = (): number => Object.values(backend.stats.fallbacks).reduce((sum, count) => sum + count, 0);
  for (const name of names)
    it(`${name}, eagerly, compiled, and in float32 on kernels of its own`, () =>
      T.withBackend(backend, () => {
        for (const one of casesOf(name)) {
          for (const isCompiled of [false, true]) expectTorch(one, one.dtype, isCompiled);
          if (one.dtype !== "float64" || one.args.some((arg) => JSON.stringify(arg).includes("dtype"))) continue;
          const before = fallbacks();
          for (const isCompiled of [false, true]) expectTorch(one, "float32", isCompiled);
          const label = `fallbacks of ${name} ${JSON.stringify(one.args)}`;
          if (!borrows(one)) expect(fallbacks() - before, label).toBe(0);
        }
      }));
});
