/**
 * Reductions, running sums and products, sorting and counting against PyTorch: values and gradients of every row of
 * golden/numbers/reductions.json, on the reference and on wasm memory full of NaN.
 */
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { gradientsOf } from "../../src/autograd/backward.js";
import { type Backend, withBackend } from "../../src/backends/backend.js";
import { referenceBackend } from "../../src/backends/reference/index.js";
import { createWasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import * as T from "../../src/index.js";
import { isFloat } from "../../src/tensor/dtype.js";

type Coded = number | "NaN" | "Infinity" | "-Infinity" | "-0";
type CodedArray = readonly [dtype: T.DType, shape: T.Shape, list: number];
type Row = readonly [
  name: string,
  input: string,
  args: readonly unknown[],
  outputs: readonly CodedArray[],
  gradient: number | null,
];
interface Golden {
  readonly inputs: Readonly<Record<string, CodedArray>>;
  readonly lists: readonly (readonly Coded[])[];
  readonly rows: readonly Row[];
}

const golden = JSON.parse(
  readFileSync(new URL("../golden/numbers/reductions.json", import.meta.url), "utf8"),
) as Golden;
const listOf = (number: number): number[] => golden.lists[number]!.map(Number);

/** Of float64 and float32 results, relative to the largest finite number expected: sums cancel. */
const TOLERANCES = { float64: 1e-12, float32: 1e-5 } as const;

const wasm = createWasmBackend({ threads: 1, poison: true });
afterAll(() => wasm.dispose());

type Call = (x: T.Tensor, ...args: never[]) => unknown;

/** What a function gives, as a list of tensors. */
async function outputsOf(name: string, x: T.Tensor, args: readonly unknown[]): Promise<readonly T.Tensor[]> {
  const given = args.map((arg) =>
    arg === null ? undefined : arg === "Infinity" || arg === "-Infinity" ? Number(arg) : arg,
  );
  const y = await (T as unknown as Readonly<Record<string, Call>>)[name]!(x, ...(given as never[]));
  if (y instanceof T.Tensor) return [y];
  return Array.isArray(y) ? y : Object.values(y as object);
}

function inputOf([name, which]: Row): T.Tensor {
  const [dtype, shape, list] = golden.inputs[which]!;
  return T.tensor(listOf(list), shape, {
    dtype: dtype,
    requiresGrad: isFloat(dtype) && name !== "unique",
  });
}

/** The sum of float outputs times weights that the fixture names. */
const projectionOf = (outputs: readonly T.Tensor[]): T.Tensor =>
  outputs
    .filter((y) => y.edge !== null)
    .map((y) => {
      const weights = Array.from({ length: y.size }, (_, i) => ((i % 7) - 3) / 4 + 0.125);
      return T.sum(T.mul(y, T.tensor(weights, y.shape, { dtype: y.dtype })));
    })
    .reduce(T.add);

function expectClose(actual: T.TypedArray, expected: readonly number[], dtype: T.DType, what: string): void {
  const scale = expected.reduce((most, v) => (Number.isFinite(v) ? Math.max(most, Math.abs(v)) : most), 1e-300);
  const tolerance = isFloat(dtype) ? TOLERANCES[dtype as keyof typeof TOLERANCES] * scale : 0;
  expect(actual.length, what).toBe(expected.length);
  expected.forEach((value, i) => {
    // int64's bigints too
    const found = Number(actual[i]!);
    const isRight = Number.isFinite(value) ? Math.abs(found - value) <= tolerance : Object.is(found, value);
    if (!isRight) throw new Error(`${what} [${i}]: ${found}, expected ${value}, of [${[...actual]}] and [${expected}]`);
  });
}

async function check(row: Row): Promise<void> {
  const [name, which, args, expected, gradient] = row;
  const what = `${name}(${which}, ${JSON.stringify(args).slice(1, -1)})`;
  const x = inputOf(row);
  const outputs = await outputsOf(name, x, args);
  expect(outputs.length, what).toBe(expected.length);
  for (const [i, [dtype, shape, list]] of expected.entries()) {
    const y = outputs[i]!;
    expect(y.shape, what).toEqual(shape);
    expect(y.dtype, what).toBe(dtype);
    expectClose(await y.data(), listOf(list), y.dtype, `${what} output ${i}`);
  }
  if (gradient === null) return;
  const [dx] = gradientsOf(projectionOf(outputs), [x]);
  expect(dx, `${what} has a gradient`).toBeTruthy();
  expectClose(await dx!.data(), listOf(gradient), x.dtype, `${what} gradient`);
}

const backends: readonly Backend[] = [referenceBackend, wasm];
const names = [...new Set(golden.rows.map(([name]) => name))];

describe.each(backends.map((backend) => [backend.name, backend] as const))("on %s", (_, backend) => {
  it.each(names)("%s is PyTorch's", (name) =>
    withBackend(backend, async () => {
      const failures: string[] = [];
      for (const row of golden.rows.filter(([own]) => own === name))
        await check(row).catch((error: unknown) => failures.push((error as Error).message));
      expect(failures).toEqual([]);
    }));
});

describe("composites", () => {
  /** Functions whose result has a size that shapes tell. */
  const compiled: Readonly<Record<string, (x: T.Tensor) => T.Tensor>> = {
    prod: (x) => T.prod(x, [0, 2]),
    cumprod: (x) => T.cumprod(x, 1),
    cumsum: (x) => T.cumsum(x, 1, { reverse: true, exclusive: true }),
    norm: (x) => T.norm(x, 3, 1),
    std: (x) => T.std(x, [0, 1]),
    logSumExp: (x) => T.logSumExp(x, -1),
    sort: (x) => T.sort(x, 1)[0],
    topK: (x) => T.topK(x, 2, 2)[0],
    median: (x) => T.median(x, 0),
    max: (x) => T.maxWithIndices(x, 1)[0],
  };
  const values = (seed: number): Float32Array =>
    Float32Array.from({ length: 24 }, (_, i) => ((i * (7 + seed)) % 25) / 5 - 2);

  it.each(Object.keys(compiled))("%s replays as it runs, gradients included", (name) =>
    withBackend(wasm, () => {
      const step = (x: T.Tensor): T.Tensor[] => {
        const leaf = x.detach();
        leaf.requiresGrad = true;
        const y = compiled[name]!(leaf);
        return [y.detach(), gradientsOf(T.sum(T.square(y)), [leaf])[0]!];
      };
      const replayed = T.compile(step);
      for (let call = 0; call < 4; call++) {
        const x = T.tensor(values(call), [2, 3, 4]);
        const expected = step(x).map((y) => y.dataSync());
        expect(replayed(x).map((y) => y.dataSync())).toEqual(expected);
      }
      replayed.dispose();
    }));

  it("leave nothing behind but their results", () =>
    withBackend(wasm, () => {
      const x = T.tensor(values(1), [2, 3, 4]);
      const before = T.liveStorage().storages;
      for (const fn of Object.values(compiled)) fn(x).dispose();
      for (const fn of [T.any, T.all, T.argmin, T.variance, T.histc]) fn(x).dispose();
      T.argmax(x, 1, { selectLastIndex: true }).dispose();
      // the indices that sort, topK and maxWithIndices give beside their values
      expect(T.liveStorage().storages).toBe(before + 3);
    }));

  it("count weights, and refuse what has no bin", () =>
    withBackend(wasm, async () => {
      const x = T.tensor(Int32Array.of(1, 4, 1));
      expect((await T.bincount(x)).dataSync()).toEqual(Int32Array.of(0, 2, 0, 0, 1));
      const weights = T.tensor(Float64Array.of(0.5, 2, 1));
      expect((await T.bincount(x, { weights, minLength: 6 })).dataSync()).toEqual(Float64Array.of(0, 1.5, 0, 0, 2, 0));
      await expect(T.bincount(T.tensor(Int32Array.of(-1, 2)))).rejects.toThrow(T.IndexError);
      await expect(T.bincount(weights)).rejects.toThrow("bincount: x is float64, expected int32 or uint8");
      expect((await T.bincount(T.tensor(new Int32Array(0)), { minLength: 2 })).dataSync()).toEqual(Int32Array.of(0, 0));
    }));

  it("take the last of equal extremes, and the last NaN, where ONNX wants it", () =>
    withBackend(wasm, () => {
      const x = T.tensor([
        [1, 3, 3, 0],
        [Number.NaN, 2, Number.NaN, 5],
        [-1, -1, -1, -2],
      ]);
      expect(T.argmax(x, 1, { selectLastIndex: true }).dataSync()).toEqual(Int32Array.of(2, 2, 2));
      const last = T.argmin(x, 0, { selectLastIndex: true, keepDims: true });
      expect(last.shape).toEqual([1, 4]);
      expect(last.dataSync()).toEqual(Int32Array.of(1, 2, 1, 2));
    }));

  it("find the smallest of integers at the ends of their range", () =>
    withBackend(referenceBackend, () => {
      const ends = T.tensor(Int32Array.of(2 ** 31 - 1, -(2 ** 31), 0));
      expect([T.argmin(ends).item(), T.argmax(ends).item()]).toEqual([1, 0]);
      expect(T.argmin(T.tensor(Uint8Array.of(255, 0, 3))).item()).toBe(1);
    }));

  it("refuse by name", () => {
    const int = T.ones([3], { dtype: "int32" });
    const refusals: Readonly<Record<string, () => unknown>> = {
      "norm: x is int32, expected float32 or float64": () => T.norm(int),
      'norm: p is nuc, expected a number or "fro"': () => T.norm(T.ones([2]), "nuc" as "fro"),
      "std: x is int32": () => T.std(int),
      "argmin: x is bool, expected numbers": () => T.argmin(T.less(int, 2)),
      "variance: axis 2 is outside": () => T.variance(T.ones([2]), 2),
      "topK: k is 4, expected a whole number up to 3, the size of axis 0": () => T.topK(int, 4),
      "median: [0] has no middle": () => T.median(T.ones([0])),
      "histc: bins is 0": () => T.histc(T.ones([2]), 0),
      "histc: x is int32": () => T.histc(int),
      "maxWithIndices: axis 5": () => T.maxWithIndices(int, 5),
    };
    for (const [message, refused] of Object.entries(refusals)) expect(refused, message).toThrow(message);
  });
});
