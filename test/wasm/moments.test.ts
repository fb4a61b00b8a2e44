/**
 * Moments of patches and the fold of branches with every form of the register tile, against the reference kernels; and how
 * many digits of a covariance survive a large mean.
 */
import { afterAll, describe, expect, it } from "vitest";
import { referenceKernels } from "../../src/backends/reference/index.js";
import { segmentsOf } from "../../src/backends/wasm/kernels/moments/depthwise.js";
import { runsOf } from "../../src/backends/wasm/kernels/moments/depthwise-grad.js";
import { createWasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import { apply } from "../../src/ops/apply.js";
import { inferDType } from "../../src/ops/dtypes.js";
import { inferShapes } from "../../src/ops/shapes/index.js";
import type { Attrs, OpName, PatchAttrs } from "../../src/ops/spec/index.js";
import { allocate } from "../../src/tensor/create.js";
import { newArray, type TypedArray } from "../../src/tensor/dtype.js";
import { scope } from "../../src/tensor/scope.js";
import type { Shape } from "../../src/tensor/shape.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import { type Case, cases, dtypeOfInput, type Input } from "../conformance/cases/index.js";
import { relativeError, valuesOf } from "../conformance/numbers.js";

/** The first two must agree in every bit; the others have kernels of their own. */
const backends = [
  createWasmBackend({ threads: 1 }),
  createWasmBackend({ threads: 2 }),
  createWasmBackend({ threads: 1, target: { fma: false, fences: false, shared: false } }),
  createWasmBackend({ threads: 2, target: { lanes: 8 } }),
] as const;
afterAll(() => Promise.all(backends.map((backend) => backend.dispose())));

type AnyKernel = (inputs: readonly unknown[], attrs: unknown, outputs: readonly unknown[]) => void;

/** What an op gives on each backend, and by the reference kernel. */
function runEverywhere<K extends OpName>(op: K, inputs: readonly Input[], attrs: Attrs<K>) {
  const values = inputs.map((spec, i) => valuesOf(spec, 21 + i, "float32"));
  const types = inputs.map((spec) => dtypeOfInput(spec, "float32"));
  const shapes = (inferShapes[op] as (s: readonly Shape[], a: Attrs<K>) => readonly Shape[])(
    inputs.map(({ shape }) => shape),
    attrs,
  );
  const dtype = inferDType(op, types, attrs);
  const expected = shapes.map((shape) => ({
    shape,
    dtype,
    data: newArray(
      dtype,
      shape.reduce((a, b) => a * b, 1),
    ),
  }));
  const views = inputs.map(({ shape }, i) => ({ shape, dtype: types[i], data: values[i] }));
  (referenceKernels[op] as unknown as AnyKernel)(views, attrs, expected);
  const actual = backends.map((backend) =>
    scope(() => {
      const tensors = inputs.map(({ shape }, i) => allocate(shape, types[i]!, backend).write(values[i]!));
      return (apply(op, tensors, attrs) as readonly Tensor[]).map((y) => y.dataSync());
    }),
  );
  return { expected: expected.map(({ data }) => data), actual };
}

const bits = (values: TypedArray) => Buffer.from(values.buffer);

describe("every form of the kernels", () => {
  const ops = [
    ...(["patchMoments", "patchMomentsGrad", "foldedInputGrad"] as const),
    ...(["foldBranches", "foldBranchesGrad", "foldMomentsGrad"] as const),
  ];
  for (const op of ops)
    it(op, () => {
      const large = (cases[op] as readonly Case<Attrs<typeof op>>[]).filter(({ isLarge }) => isLarge);
      expect(large.length).toBeGreaterThan(0);
      for (const { inputs, attrs } of large) {
        const { expected, actual } = runEverywhere(op, inputs, attrs);
        expected.forEach((values, output) => {
          const label = `output ${output} of ${JSON.stringify({ inputs, attrs })}`;
          for (const found of actual) expect(relativeError(found[output]!, values), label).toBeLessThanOrEqual(2e-6);
          expect(Buffer.compare(bits(actual[0]![output]!), bits(actual[1]![output]!)), `bits of ${label}`).toBe(0);
        });
      }
    });

  it("serve every case but the gradient of dense windows, which no MobileOne asks for", () => {
    for (const backend of backends)
      expect(Object.keys(backend.stats.fallbacks)).toEqual(["patchMomentsGrad", "foldedInputGrad"]);
  });
});

describe("a covariance", () => {
  const geometry = (kernel: number, stride: number, groups: number): PatchAttrs => ({
    kernelSize: [kernel, kernel],
    stride: [stride, stride],
    padding: [Math.floor(kernel / 2), Math.floor(kernel / 2)],
    dilation: [1, 1],
    groups,
  });
  const rows: readonly [string, Shape, PatchAttrs][] = [
    ["pointwise", [4, 28, 28, 48], geometry(1, 1, 1)],
    ["pointwise, few positions", [2, 4, 4, 130], geometry(1, 1, 1)],
    ["depthwise", [4, 28, 28, 20], geometry(3, 1, 20)],
    ["depthwise, stride 2", [4, 29, 28, 20], geometry(3, 2, 20)],
    ["stem", [2, 64, 64, 3], geometry(3, 2, 1)],
  ];
  for (const [label, shape, attrs] of rows)
    for (const fill of ["normal", "far"] as const)
      it(`has six digits, ${fill} values: ${label}`, () => {
        const { expected, actual } = runEverywhere("patchMoments", [{ shape, fill }], attrs);
        for (const [, covariance] of actual) expect(relativeError(covariance!, expected[1]!)).toBeLessThanOrEqual(1e-6);
        if (fill === "far")
          for (const [mean] of actual) expect(relativeError(mean!, expected[0]!)).toBeLessThanOrEqual(3e-8);
      });
});

describe("depthwise geometry", () => {
  it("counts each row of windows once for each pair of kernel rows", () => {
    for (const stride of [1, 2])
      for (const out of [1, 2, 5]) {
        const counts = new Map<string, number[]>();
        for (const { distance, first, count, step, kernelRows } of segmentsOf({
          out: [out, out],
          kernel: [3, 3],
          stride: [stride, stride],
        }))
          for (const r of kernelRows)
            for (let i = 0; i < count; i++) {
              const key = `${r} ${r + distance}`;
              counts.set(key, [...(counts.get(key) ?? []), (first + i * step - r) / stride]);
            }
        expect(counts.size).toBe(6);
        for (const windows of counts.values()) expect(windows).toEqual(Array.from({ length: out }, (_, p) => p));
      }
  });

  it("puts each pixel into one run of pixels with the same taps", () => {
    const geometry = {
      images: 1,
      channels: 1,
      image: [9, 2],
      out: [5, 1],
      kernel: [3, 3],
      stride: [2, 2],
      padding: [1, 1],
    };
    for (const [axis, size] of [
      [0, 9],
      [1, 2],
    ] as const) {
      const runs = runsOf(geometry as unknown as Parameters<typeof runsOf>[0], axis);
      const pixels = runs.flatMap(({ first, count, step }) =>
        Array.from({ length: count }, (_, i) => first + i * step),
      );
      expect(pixels.sort((a, b) => a - b)).toEqual(Array.from({ length: size }, (_, i) => i));
    }
  });
});
