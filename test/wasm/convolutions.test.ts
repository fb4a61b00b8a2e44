import { afterAll, describe, expect, it } from "vitest";
import { referenceKernels } from "../../src/backends/reference/index.js";
import { createWasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import { apply } from "../../src/ops/apply.js";
import { inferShapes } from "../../src/ops/shapes/index.js";
import type { Conv2dAttrs } from "../../src/ops/spec/index.js";
import { allocate } from "../../src/tensor/create.js";
import { Random } from "../../src/tensor/random.js";
import { scope } from "../../src/tensor/scope.js";
import { type Shape, sizeOf } from "../../src/tensor/shape.js";

/** The first two must agree in every bit; the others have kernels of their own. */
const backends = [
  createWasmBackend({ threads: 1 }),
  createWasmBackend({ threads: 2 }),
  createWasmBackend({ threads: 1, target: { fma: false, fences: false, shared: false } }),
  createWasmBackend({ threads: 2, target: { lanes: 8 } }),
] as const;
afterAll(() => Promise.all(backends.map((backend) => backend.dispose())));

const random = new Random(9);
const values = (shape: Shape): Float32Array =>
  Float32Array.from({ length: sizeOf(shape) }, () => random.uniform() - 0.5);
const view = (shape: Shape, data: Float32Array) => ({ shape, data, dtype: "float32" as const });
type Op = "conv2d" | "conv2dInputGrad" | "conv2dWeightGrad";

/** One op on both backends against the reference kernel: norm of the difference, and equal bits. */
function check(
  op: Op,
  shapes: readonly [Shape, Shape],
  attrs: Conv2dAttrs & { inputShape: Shape; weightShape: Shape },
  out: Shape,
): void {
  const [a, b] = shapes.map(values) as [Float32Array, Float32Array];
  const expected = new Float32Array(sizeOf(out));
  referenceKernels[op]([view(shapes[0], a), view(shapes[1], b)], attrs, [view(out, expected)]);
  const results = backends.map((backend) =>
    scope(() => {
      const inputs = [
        allocate(shapes[0], "float32", backend).write(a),
        allocate(shapes[1], "float32", backend).write(b),
      ];
      return apply(op, inputs, attrs)[0].dataSync();
    }),
  );
  const label = `${op} ${JSON.stringify(attrs)}`;
  for (const result of results) {
    let difference = 0;
    let norm = 0;
    expected.forEach((v, i) => {
      difference += (v - result[i]!) ** 2;
      norm += v * v;
    });
    expect(Math.sqrt(difference / (norm || 1)), label).toBeLessThan(1e-6);
  }
  const [one, two] = results.map((result) => Buffer.from(result.buffer));
  expect(Buffer.compare(one!, two!), `bits of ${label}`).toBe(0);
}

function checkAll(x: Shape, w: Shape, attrs: Conv2dAttrs): void {
  const [y] = inferShapes.conv2d([x, w], attrs);
  const all = { ...attrs, inputShape: x, weightShape: w };
  check("conv2d", [x, w], all, y);
  check("conv2dInputGrad", [y, w], all, x);
  check("conv2dWeightGrad", [x, y], all, w);
}

describe("convolutions", () => {
  for (const groups of [1, 2, 3])
    it(`are right for ${groups} groups, all strides, paddings, dilations, kernels`, () => {
      for (const stride of [1, 2, 3])
        for (const padding of [0, 1, 2])
          for (const dilation of [1, 2])
            for (const [kernel, size, perGroup] of [
              [1, 7, [4, 8]],
              [3, 9, [5, 3]],
              [2, 8, [1, 9]],
            ] as const) {
              const x = [2, size, size + 1, groups * perGroup[0]];
              const w = [kernel, kernel, perGroup[0], groups * perGroup[1]];
              checkAll(x, w, {
                stride: [stride, stride],
                padding: [padding, padding],
                dilation: [dilation, dilation],
                groups,
              });
            }
    });
  it("are right where height and width differ in everything", () => {
    checkAll([3, 11, 6, 6], [5, 2, 3, 8], { stride: [2, 1], padding: [3, 0], dilation: [1, 3], groups: 2 });
    checkAll([1, 4, 2, 3], [3, 3, 3, 7], { stride: [1, 1], padding: [1, 1], dilation: [1, 1], groups: 1 });
  });
  it("are right for many rows and wide channels", () => {
    const plain = { stride: [1, 1], padding: [0, 0], dilation: [1, 1], groups: 1 } as const;
    checkAll([4, 14, 14, 48], [1, 1, 48, 130], plain);
    checkAll([2, 9, 9, 270], [1, 1, 270, 300], plain);
    checkAll([2, 40, 40, 3], [3, 3, 3, 48], { ...plain, stride: [2, 2], padding: [1, 1] });
    checkAll([1, 8, 8, 140], [3, 3, 140, 20], { ...plain, padding: [1, 1] });
  });
  it("are right where a weight gradient is cut along both sides and its windows are made tap by tap", () => {
    const plain = { stride: [1, 1], padding: [1, 1], dilation: [1, 1], groups: 1 } as const;
    checkAll([1, 13, 14, 37], [3, 3, 37, 205], plain);
    checkAll([2, 13, 14, 37], [3, 3, 37, 20], { ...plain, stride: [2, 2] });
    checkAll([1, 9, 8, 80], [3, 3, 40, 196], { ...plain, groups: 2, dilation: [2, 1], padding: [2, 0] });
  });
  it("are right for one channel per group", () => {
    checkAll([2, 6, 6, 5], [3, 3, 1, 5], { stride: [2, 2], padding: [1, 1], dilation: [1, 1], groups: 5 });
    checkAll([2, 6, 6, 3], [3, 3, 1, 6], { stride: [1, 1], padding: [1, 1], dilation: [1, 1], groups: 3 });
  });
  it("never went to the reference", () => {
    for (const backend of backends) expect(backend.stats.fallbacks).toEqual({});
  });
});
