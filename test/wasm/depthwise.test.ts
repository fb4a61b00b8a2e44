import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { setBackend } from "../../src/backends/backend.js";
import { referenceBackend } from "../../src/backends/reference/index.js";
import { forwardRule, gradientRule, tileRuns } from "../../src/backends/wasm/kernels/convolution/depthwise/axis.js";
import { createWasmBackend, type WasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import { apply, type Runner } from "../../src/ops/apply.js";
import type { Conv2dAttrs } from "../../src/ops/spec/index.js";
import { allocate } from "../../src/tensor/create.js";
import type { TypedArray } from "../../src/tensor/dtype.js";
import { Random } from "../../src/tensor/random.js";
import { scope } from "../../src/tensor/scope.js";
import { sizeOf } from "../../src/tensor/shape.js";
import { relativeError } from "../conformance/numbers.js";

describe("tiles of an axis", () => {
  const windows = [1, 2, 3, 5].flatMap((kernel) =>
    [1, 2, 3].flatMap((stride) =>
      [0, 1, 2].flatMap((padding) => [1, 2].map((dilation) => ({ kernel, stride, padding, dilation }))),
    ),
  );

  it("hold every product of a convolution once, forward and backward", () => {
    const size = 11;
    for (const window of windows) {
      const { kernel, stride, padding, dilation } = window;
      const out = Math.floor((size + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1;
      const expected: string[] = [];
      for (let o = 0; o < out; o++)
        for (let k = 0; k < kernel; k++) {
          const i = o * stride + k * dilation - padding;
          if (i >= 0 && i < size) expected.push(`${i} ${k} ${o}`);
        }
      const products = (
        runs: ReturnType<typeof tileRuns>,
        show: (source: number, k: number, output: number) => string,
      ) =>
        runs.flatMap(({ tile, count, output, source, outputStep, sourceStep }) =>
          Array.from({ length: count }, (_, t) =>
            tile.columns.flatMap(({ column, uses }) =>
              uses.map((use) => show(source + t * sourceStep + column, use.k, output + t * outputStep + use.output)),
            ),
          ).flat(),
        );
      const forward = products(tileRuns(forwardRule(window), out, size, 4), (i, k, o) => `${i} ${k} ${o}`);
      const backward = products(tileRuns(gradientRule(window), size, out, 4), (o, k, i) => `${i} ${k} ${o}`);
      expect(forward.sort(), JSON.stringify(window)).toEqual(expected.sort());
      expect(backward.sort(), JSON.stringify(window)).toEqual(expected);
    }
  });
});

describe("depthwise", () => {
  let backends: WasmBackend[];
  beforeAll(async () => {
    await setBackend("reference");
    backends = [createWasmBackend({ threads: 1 }), createWasmBackend({ threads: 2 })];
  });
  afterAll(() => Promise.all(backends.map((backend) => backend.dispose())));

  const shapes: readonly [n: number, size: number, channels: number, kernel: number, stride: number][] = [
    [2, 56, 48, 3, 1],
    [1, 56, 48, 3, 2],
    [3, 28, 37, 3, 1],
    [2, 14, 256, 3, 1],
    [2, 7, 1024, 3, 1],
    [2, 29, 10, 1, 1],
    [2, 12, 17, 9, 1],
    [2, 15, 9, 5, 3],
  ];

  function run(on: Runner, [n, size, channels, kernel, stride]: (typeof shapes)[number]): TypedArray[] {
    return scope(() => {
      const random = new Random(4);
      const make = (shape: number[]) =>
        allocate(shape, "float32", on).write(Float32Array.from({ length: sizeOf(shape) }, () => random.normal()));
      const padding = kernel >> 1;
      const attrs: Conv2dAttrs = {
        stride: [stride, stride],
        padding: [padding, padding],
        dilation: [1, 1],
        groups: channels,
      };
      const x = make([n, size, size, channels]);
      const w = make([kernel, kernel, 1, channels]);
      const [y] = apply("conv2d", [x, w], attrs);
      const dy = make([...y.shape]);
      const [dx] = apply("conv2dInputGrad", [dy, w], { ...attrs, inputShape: x.shape });
      const [dw] = apply("conv2dWeightGrad", [x, dy], { ...attrs, weightShape: w.shape });
      return [y, dx, dw].map((t) => t.dataSync());
    });
  }

  for (const shape of shapes)
    it(`[${shape}] agrees with the reference, with equal bits for 1 and 2 threads`, () => {
      const expected = run(referenceBackend, shape);
      const [one, two] = backends.map((backend) => run(backend, shape));
      expected.forEach((values, i) => {
        expect(relativeError(one![i]!, values), ["y", "dx", "dw"][i]).toBeLessThan(1e-6);
        expect(Buffer.compare(Buffer.from(one![i]!.buffer), Buffer.from(two![i]!.buffer))).toBe(0);
      });
    });

  it("never falls back", () => {
    for (const backend of backends) expect(backend.stats.fallbacks).toEqual({});
  });
});
