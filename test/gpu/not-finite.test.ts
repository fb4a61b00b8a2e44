/** NaN, infinities and far angles where the fixture of special values does not look: fused ops, broadcasts, replays, models. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Backend, withBackend } from "../../src/backends/backend.js";
import { createGpuBackend, type GpuBackend } from "../../src/backends/gpu/gpu-backend.js";
import { useHandWritten } from "../../src/backends/gpu/wgsl/switches.js";
import { referenceBackend } from "../../src/backends/reference/index.js";
import * as T from "../../src/index.js";
import { apply } from "../../src/ops/apply.js";
import { valuesOf } from "../conformance/numbers.js";
import { noDriver } from "./software-vulkan.js";

/** The largest error of a sine or cosine of any angle; WGSL asks for 2^-11 and |v| ≤ π. */
const SINE_ABSOLUTE = 2.5e-7;

const normals = (shape: T.Shape, seed: number): T.Tensor =>
  T.tensor(valuesOf({ shape, fill: "normal" }, seed, "float32"), shape);
/** Normal numbers, some of which are not finite. */
function broken(shape: T.Shape, seed: number): T.Tensor {
  const values = valuesOf({ shape, fill: "normal" }, seed, "float32");
  for (const [at, value] of [
    [1, Number.NaN],
    [5, Number.POSITIVE_INFINITY],
    [11, Number.NEGATIVE_INFINITY],
  ] as const)
    values[at % values.length] = value;
  return T.tensor(values, shape);
}

const relu = { activation: "relu" } as const;
const computed: { readonly [name: string]: () => T.Tensor } = {
  "a pointwise convolution, bias and relu": () =>
    T.conv2dBias(broken([1, 4, 4, 9], 1), normals([1, 1, 9, 10], 2), broken([10], 3), relu),
  "a small pointwise convolution, bias and relu": () =>
    T.conv2dBias(broken([1, 2, 2, 3], 1), normals([1, 1, 3, 2], 2), normals([2], 3), relu),
  "a 3×3 convolution, bias and relu": () =>
    T.conv2dBias(broken([1, 5, 5, 3], 1), normals([3, 3, 3, 4], 2), normals([4], 3), { ...relu, padding: 1 }),
  "the gradient behind bias and relu": () =>
    apply("biasReluGrad", [normals([6, 3], 1), broken([6, 3], 2)], {}).reduce((dx, dbias) => dx.add(dbias)),
  "maximum of a row and a column": () => T.maximum(broken([4, 1], 1), broken([1, 6], 2)),
  "notEqual over four axes that meet in turn": () => T.notEqual(broken([2, 1, 3, 1], 1), broken([1, 4, 1, 5], 2)),
  "where by a mask with NaN": () => T.where(broken([3, 1], 1), normals([4], 2), T.zeros([4])),
  clamp: () => T.clamp(broken([4, 5], 1), -0.5, 0.5),
  "the largest of 1,000": () => broken([3, 1000], 1).max(1),
  "the place of the largest of 300": () => broken([300, 2], 4).argmax(0).cast("float32"),
  "softmax of columns": () => T.softmax(broken([9, 13], 1), 0),
  "batch norm over rows": () => T.batchNorm(broken([600, 3], 1), T.ones([3]), T.zeros([3]))[0],
  "a product with a NaN in one row": () => T.matmul(broken([20, 30], 1), normals([30, 20], 2)),
};

for (const mode of ["cpu", "webgpu"] as const)
  describe.skipIf(mode === "webgpu" && noDriver !== null)(`not finite, gpu.js mode ${mode}`, () => {
    let backend: GpuBackend;
    beforeAll(async () => {
      backend = await createGpuBackend({ mode, poison: true });
    });
    afterAll(async () => {
      await backend.dispose();
    });
    const on = (where: Backend, make: () => T.Tensor): Promise<T.TypedArray> =>
      withBackend(where, () => T.scope(() => make().data()));

    const expectSame = (actual: T.TypedArray, expected: T.TypedArray): void => {
      const classes = (values: T.TypedArray) => Array.from(values, (v) => (Number.isFinite(v) ? "finite" : String(v)));
      expect(classes(expected).some((name) => name !== "finite") || new Set(expected).size > 1).toBe(true);
      expect(classes(actual)).toEqual(classes(expected));
      actual.forEach((v, i) => {
        if (Number.isFinite(v)) expect(Math.abs(v - expected[i]!)).toBeLessThanOrEqual(1e-5 * (1 + Math.abs(v)));
      });
    };
    for (const [name, make] of Object.entries(computed))
      it(name, async () => {
        const expected = await on(referenceBackend, make);
        expectSame(await on(backend, make), expected);
        const before = useHandWritten("products", false);
        expectSame(await on(backend, make), expected);
        useHandWritten("products", before);
      });

    it("the same from a replay, in which NaN comes and goes", () =>
      withBackend(backend, async () => {
        const f = T.compile((x: T.Tensor) => T.relu(T.maximum(x, -1)).sum());
        for (const [given, sum] of [
          [[1, -2, 3], 4],
          [[1, Number.NaN, 3], Number.NaN],
          [[1, Number.POSITIVE_INFINITY, 3], Number.POSITIVE_INFINITY],
          [[2, 2, 2], 6],
        ] as const)
          expect(await f(T.tensor([...given])).data()).toEqual(Float32Array.of(sum));
        f.dispose();
      }));

    it("sines and cosines of any angle", () =>
      withBackend(backend, async () => {
        const random = new T.Random(7);
        const angles = Float32Array.from({ length: 20_000 }, (_, i) => {
          if (i % 2 === 0) return (random.uniform() - 0.5) * 10 ** (38 * random.uniform());
          // near multiples of a quarter turn, where most bits of the angle cancel
          return (Math.PI / 2) * Math.floor(10 ** (20 * random.uniform()));
        });
        for (const [op, exact] of [
          [T.sin, Math.sin],
          [T.cos, Math.cos],
        ] as const) {
          const values = await op(T.tensor(angles)).data();
          const worst = Math.max(...Array.from(values, (v, i) => Math.abs(v - exact(angles[i]!))));
          expect(worst, exact.name).toBeLessThanOrEqual(SINE_ABSOLUTE);
        }
      }));

    it("a model with a NaN in its weights answers NaN", () =>
      withBackend(backend, async () => {
        const linear = new T.nn.Linear(4, 3);
        linear.weight.write(new Float32Array(12).fill(Number.NaN));
        const logits = linear.forward(normals([2, 4], 1)).relu();
        expect(await logits.data()).toEqual(new Float32Array(6).fill(Number.NaN));
        expect(await logits.max(1).data()).toEqual(new Float32Array(2).fill(Number.NaN));
      }));
  });
