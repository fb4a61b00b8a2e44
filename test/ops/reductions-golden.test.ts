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
type CodedArray = readonly [dtype: T.DType | "bool", shape: T.Shape, list: number];
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
    dtype: dtype as T.DType,
    requiresGrad: isFloat(dtype as T.DType) && name !== "unique",
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
    const found = actual[i]!;
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
    if (dtype !== "bool") expect(y.dtype, what).toBe(dtype);
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
