/** Convolutions and pools with all their options against PyTorch (golden/windows/make-windows.py), and what they refuse. */
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { gradientsOf } from "../../src/autograd/backward.js";
import { type Backend, withBackend } from "../../src/backends/backend.js";
import { referenceBackend } from "../../src/backends/reference/index.js";
import { createWasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import * as T from "../../src/index.js";
import { type Shape, sizeOf } from "../../src/tensor/shape.js";

type Args = Readonly<Record<string, unknown>>;
interface Row {
  readonly fn: keyof typeof functions;
  readonly shapes: readonly Shape[];
  readonly args: Args;
  readonly shape: Shape;
  readonly y: readonly number[];
  readonly levels?: number;
  readonly indices?: readonly number[];
  readonly gradients: readonly (readonly number[])[];
}

const file = new URL("../golden/windows/windows.json", import.meta.url);
const { cases } = JSON.parse(readFileSync(file, "utf8")) as { readonly cases: readonly Row[] };

/** The numbers of the fixture's operands. */
const uniform = (k: number): number => ((k * 2654435761) % 2 ** 32) / 2 ** 31 - 1;
function valuesOf(seed: number, shape: Shape, levels?: number): Float64Array {
  const all = Float64Array.from({ length: sizeOf(shape) }, (_, i) => uniform(100_003 * seed + i + 1));
  return levels === undefined ? all : all.map((v) => Math.trunc(((v + 1) * levels) / 2) / 4 - 1);
}

const convolution =
  (
    run: (x: T.Tensor, w: T.Tensor, options: object) => T.Tensor,
    biased: typeof run = (x, w, options) => run(x, w, options),
  ) =>
  ([x, w, bias]: readonly T.Tensor[], { hasBias, ...options }: Args): T.Tensor =>
    hasBias ? biased(x!, w!, { ...options, bias }) : run(x!, w!, options);
const pool =
  (run: (x: T.Tensor, kernelSize: never, options: object) => T.Tensor) =>
  ([x]: readonly T.Tensor[], { kernelSize, returnIndices: _, ...options }: Args): T.Tensor =>
    run(x!, kernelSize as never, options);

const functions = {
  conv1d: convolution(T.conv1d),
  conv2d: convolution(T.conv2d, (x, w, { bias, ...options }: { bias?: T.Tensor }) =>
    T.conv2dBias(x, w, bias!, options),
  ),
  convTranspose1d: convolution(T.convTranspose1d),
  convTranspose2d: convolution(T.convTranspose2d),
  avgPool1d: pool(T.avgPool1d),
  avgPool2d: pool(T.avgPool2d),
  maxPool1d: pool(T.maxPool1d),
  maxPool2d: pool(T.maxPool2d),
  adaptiveAvgPool2d: ([x]: readonly T.Tensor[], { outputSize }: Args) => T.adaptiveAvgPool2d(x!, outputSize as number),
  adaptiveMaxPool2d: ([x]: readonly T.Tensor[], { outputSize }: Args) => T.adaptiveMaxPool2d(x!, outputSize as number),
  maxUnpool2d: ([x]: readonly T.Tensor[], { kernelSize, outputSize, ...options }: Args) => {
    const [y, indices] = T.maxPool2dWithIndices(x!, kernelSize as number, options);
    return T.maxUnpool2d(y, indices, kernelSize as number, {
      ...options,
      ...(outputSize ? { outputSize: outputSize as [number, number] } : {}),
    });
  },
  Conv2d: ([x, w, bias]: readonly T.Tensor[], args: Args) => {
    const layer = new T.nn.Conv2d(2, 3, { kernelSize: [3, 2], init: "zeros", ...args });
    return Object.assign(layer, { weight: w, bias }).forward(x!);
  },
  lpPool2d: ([x]: readonly T.Tensor[], { normType, kernelSize, ...options }: Args) =>
    T.lpPool2d(T.abs(x!), normType as number, kernelSize as number, options),
};

const wasm = createWasmBackend({ threads: 2, poison: true });
afterAll(() => wasm.dispose());

/** The largest distance, in units of the largest number of the row. */
function distance(actual: ArrayLike<number>, expected: readonly number[]): number {
  expect(actual.length).toBe(expected.length);
  const largest = Math.max(1, ...expected.map(Math.abs));
  return Math.max(0, ...expected.map((value, i) => Math.abs(actual[i]! - value))) / largest;
}

function check(
  { fn, shapes, args, shape, y: expected, levels, indices, gradients }: Row,
  dtype: "float32" | "float64",
) {
  const tolerance = { float32: 1e-5, float64: 1e-13 }[dtype];
  T.scope(() => {
    const xs = shapes.map((own, i) => T.tensor(valuesOf(i + 1, own, levels), own, { dtype, requiresGrad: true }));
    const y = functions[fn](xs, args);
    expect(y.shape).toEqual(shape);
    const pooled = y.dataSync();
    expect(distance(pooled, expected)).toBeLessThanOrEqual(tolerance);
    const dy = T.tensor(valuesOf(9, shape), shape, { dtype });
    const dxs = gradientsOf(T.sum(T.mul(y, dy)), xs);
    gradients.forEach((own, i) => {
      expect(distance(dxs[i]!.dataSync(), own), `gradient ${i}`).toBeLessThanOrEqual(tolerance);
    });
    if (!indices) return;
    const { kernelSize, returnIndices: _, ...options } = args;
    const [values, places] = T.maxPool2dWithIndices(xs[0]!, kernelSize as number, options);
    expect(values.dataSync()).toEqual(pooled);
    expect([...places.dataSync()]).toEqual(indices);
  });
}

const label = ({ fn, shapes, args, levels }: Row): string =>
  `${fn} ${JSON.stringify(shapes)} ${JSON.stringify(args)}${levels ? " with ties" : ""}`;

const backends: readonly (readonly [string, Backend])[] = [
  ["reference", referenceBackend],
  ["wasm", wasm],
];
describe.each(backends)("windows as PyTorch's, %s", (_, backend) => {
  it.each(cases.map((row) => [label(row), row] as const))("%s", (_, row) =>
    withBackend(backend, () => {
      check(row, "float64");
      check(row, "float32");
    }));

  it("that hold no pixel are -∞, have no index and give no gradient; their mean is 0", () =>
    withBackend(backend, () => {
      const x = T.tensor([1, 2], [1, 1, 1, 2], { requiresGrad: true });
      const options = { stride: 1, padding: 2, dilation: 3 };
      const y = T.maxPool2d(x, 2, options);
      expect([...new Set(y.dataSync())]).toEqual([Number.NEGATIVE_INFINITY]);
      expect([...new Set(T.maxPool2dIndices(x, 2, options).dataSync())]).toEqual([-1]);
      expect([...gradientsOf(T.sum(y), [x])[0]!.dataSync()]).toEqual([0, 0]);
      for (const countIncludePad of [true, false])
        expect([...new Set(T.avgPool2d(x, 2, { ...options, countIncludePad }).dataSync())]).toEqual([0]);
      const int = T.tensor(Int32Array.of(5), [1, 1, 1, 1]);
      expect([...new Set(T.maxPool2d(int, 2, options).dataSync())]).toEqual([-(2 ** 31)]);
    }));

  it("follow their options when compiled", () =>
    withBackend(backend, () => {
      let options: T.AvgPool2dOptions = {};
      const compiled = T.compile((x: T.Tensor) => T.noGrad(() => [T.avgPool2d(x, 3, { padding: 1, ...options })]));
      const x = T.tensor(valuesOf(1, [1, 6, 6, 2]), [1, 6, 6, 2], { dtype: "float32" });
      for (const next of [{}, { countIncludePad: false }, {}, { divisorOverride: 4 }, { dilation: 1 }, { stride: 2 }]) {
        options = next;
        for (let call = 0; call < 3; call++)
          expect(compiled(x)[0]!.dataSync()).toEqual(T.avgPool2d(x, 3, { padding: 1, ...options }).dataSync());
      }
      compiled.dispose();
    }));
});

describe("what windows refuse", () => {
  const x = () => T.zeros([1, 6, 5, 4]);
  const refusals: Readonly<Record<string, () => unknown>> = {
    'conv2d: padding "same" with stride 2x2, expected stride 1': () =>
      T.conv2d(x(), T.zeros([3, 3, 4, 1]), { padding: "same", stride: 2 }),
    "conv2d: padding of 4 numbers, expected one or two": () =>
      T.conv2d(x(), T.zeros([3, 3, 4, 1]), { padding: [1, 1, 1, 1] as unknown as T.Padding }),
    'conv2d: padding "SAME"': () => T.conv2d(x(), T.zeros([3, 3, 4, 1]), { padding: "SAME" as T.PaddingWord }),
    "convTranspose2d: input [1, 6, 5, 4] has 4 channels, weight [3, 3, 4, 8] expects 8": () =>
      T.convTranspose2d(x(), T.zeros([3, 3, 4, 8])),
    "convTranspose2d: outputPadding 2, expected less than stride 2 or dilation 1": () =>
      T.convTranspose2d(x(), T.zeros([3, 3, 4, 4]), { stride: 2, outputPadding: 2 }),
    "convTranspose2d: padding 4 leaves nothing of 8 pixels": () =>
      T.convTranspose2d(x(), T.zeros([3, 3, 4, 4]), { padding: 4 }),
    "convTranspose2d: 4 input channels, expected a multiple of groups=3": () =>
      T.convTranspose2d(x(), T.zeros([3, 3, 4, 4]), { groups: 3 }),
    "conv1d: input [1, 6, 5, 4] and weight [3, 4, 2], expected [N, L, Cin]": () => T.conv1d(x(), T.zeros([3, 4, 2])),
    "maxPool2d: padding 2 is more than half of kernelSize 3": () => T.maxPool2d(x(), 3, { padding: 2 }),
    "avgPool2d: padding 3 is more than half of kernelSize 3 (5 with dilation 2)": () =>
      T.avgPool2d(x(), 3, { padding: 3, dilation: 2 }),
    "avgPool2d: divisorOverride 0": () => T.avgPool2d(x(), 3, { divisorOverride: 0 }),
    "adaptiveAvgPool2d: outputSize [2,0]": () => T.adaptiveAvgPool2d(x(), [2, 0]),
    "adaptiveMaxPool2d: input [1, 0, 5, 4] has no pixels": () => T.adaptiveMaxPool2d(T.zeros([1, 0, 5, 4]), 2),
    "maxPool1d: input [1, 6, 5, 4] has 4 axes, expected 3": () => T.maxPool1d(x(), 2),
    "lpPool2d: normType 0, expected a number above 0": () => T.lpPool2d(x(), 0, 2),
  };
  it.each(Object.entries(refusals))("%s", (message, refused) =>
    withBackend(referenceBackend, () => {
      expect(refused).toThrow(message);
      expect(refused).toThrow(T.ShapeError);
    }));
});
