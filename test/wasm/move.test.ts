import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { setBackend } from "../../src/backends/backend.js";
import { referenceBackend } from "../../src/backends/reference/index.js";
import { createWasmBackend, type WasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import { apply, type Runner } from "../../src/ops/apply.js";
import type { Attrs, OpName } from "../../src/ops/spec/index.js";
import { allocate } from "../../src/tensor/create.js";
import { type DType, dtypes, elementOf, newArray } from "../../src/tensor/dtype.js";
import { scope } from "../../src/tensor/scope.js";
import { type Shape, sizeOf } from "../../src/tensor/shape.js";
import type { Tensor } from "../../src/tensor/tensor.js";

let backend: WasmBackend;
beforeAll(async () => {
  await setBackend("reference");
  backend = createWasmBackend({ threads: 2 });
});
afterAll(() => backend.dispose());

/** Numbers that differ from their neighbours at most distances, as far as the dtype has them. */
function counted(on: Runner, shape: Shape, dtype: DType): Tensor {
  const limit = { bool: 2, uint8: 251 }[dtype as string] ?? Number.POSITIVE_INFINITY;
  const values = newArray(dtype, sizeOf(shape)).map((_, i) => elementOf(dtype, (i + 1 + (i >> 3)) % limit));
  return allocate(shape, dtype, on).write(values);
}

/** The same numbers as the reference, bit for bit, and on the kernels. */
function expectMoved<K extends OpName>(
  op: K,
  shapes: readonly Shape[],
  attrs: Attrs<K>,
  indices?: Int32Array,
  dtype: DType = "float32",
): void {
  const run = (on: Runner) =>
    scope(() => {
      const inputs = shapes.map((shape) => counted(on, shape, dtype));
      if (indices) inputs.push(allocate([indices.length], "int32", on).write(indices));
      return (apply(op, inputs, attrs) as readonly Tensor[])[0]!.dataSync();
    });
  expect(run(backend), `${op} of ${dtype} ${JSON.stringify(shapes)} ${JSON.stringify(attrs)}`).toEqual(
    run(referenceBackend),
  );
  expect(backend.stats.fallbacks).toEqual({});
}

describe.each(Object.keys(dtypes) as DType[])("moves of %s", (dtype) => {
  const moved = <K extends OpName>(op: K, shapes: readonly Shape[], attrs: Attrs<K>, indices?: Int32Array): void =>
    expectMoved(op, shapes, attrs, indices, dtype);
  const value = dtype === "bool" ? 1 : dtype === "uint8" ? 200 : -3;

  it("transpose matrices and tensors of odd sizes", () => {
    for (const [shape, perm] of [
      [
        [1000, 37],
        [1, 0],
      ],
      [
        [7, 2049],
        [1, 0],
      ],
      [
        [3, 29, 31, 20],
        [0, 3, 1, 2],
      ],
      [
        [3, 20, 29, 31],
        [0, 2, 3, 1],
      ],
      [
        [4, 5, 6, 7],
        [3, 1, 2, 0],
      ],
      [
        [4, 5, 6, 7],
        [2, 0, 1, 3],
      ],
      [
        [2, 1, 9],
        [2, 1, 0],
      ],
    ] as const)
      moved("transpose", [shape], { perm });
  });

  it("step forwards and backwards, and set by steps", () => {
    moved("stridedSlice", [[300, 9]], { begin: [299, 8], size: [150, 9], step: [-2, -1] });
    moved("stridedSlice", [[6, 40, 500]], { begin: [5, 0, 100], size: [6, 20, 333], step: [-1, 2, 1] });
    moved("stridedSlice", [[2, 3, 70_000]], { begin: [0, 2, 69_999], size: [2, 3, 70_000], step: [1, -1, -1] });
    moved("stridedSliceGrad", [[150, 9]], { begin: [299, 8], step: [-2, -1], inputShape: [300, 9] });
    moved("stridedSliceGrad", [[2, 20, 333]], { begin: [5, 0, 100], step: [-3, 2, 1], inputShape: [6, 40, 500] });
  });

  it("cut, surround and join along any axis", () => {
    moved("slice", [[300, 9]], { begin: [3, 4], size: [200, 1] });
    moved("slice", [[6, 40, 500]], { begin: [1, 2, 100], size: [4, 30, 333] });
    moved("pad", [[3, 20, 21, 8]], { before: [0, 1, 2, 0], after: [0, 2, 1, 0], value });
    moved("pad", [[90, 1]], { before: [1, 2], after: [0, 1], value: 0 });
    moved(
      "concat",
      [
        [70, 1],
        [70, 3],
        [70, 1],
      ],
      { axis: 1 },
    );
    moved(
      "concat",
      [
        [2, 300],
        [1, 300],
      ],
      { axis: 0 },
    );
    moved("broadcastTo", [[5, 1, 1, 33]], { shape: [5, 12, 13, 33] });
  });

  it("take by index, along an axis and in rows", () => {
    moved("gather", [[5, 301]], {}, Int32Array.of(4, 1, 0, 4, 3, 2));
    moved("gather", [[5]], {}, Int32Array.of(1, 4, 0));
    for (const axis of [0, 1, 2]) {
      const sizes = [4, 5, 33];
      const shape = sizes.map((size, i) => (i === axis ? 7 : size));
      const indices = Int32Array.from({ length: sizeOf(shape) }, (_, i) => (i * 7) % sizes[axis]!);
      const run = (on: Runner) =>
        scope(() => {
          const x = counted(on, sizes, dtype);
          const at = allocate(shape, "int32", on).write(indices);
          const src = counted(on, shape, dtype);
          const [taken] = apply("takeAlongAxis", [x, at], { axis });
          const [put] = apply("scatter", [x, at, src], { axis });
          return [taken!.dataSync(), put!.dataSync()];
        });
      expect(run(backend), `along ${axis}`).toEqual(run(referenceBackend));
      expect(backend.stats.fallbacks).toEqual({});
    }
  });
});

describe("moves", () => {
  it("take, add and mark rows by index", () => {
    const indices = Int32Array.of(4, 1, 0, 4, 3, 2);
    expectMoved("gather", [[5, 301]], {}, indices);
    expectMoved("scatterAdd", [[6, 301]], { rows: 5 }, indices);
    expectMoved("oneHot", [], { depth: 5, dtype: "float32" }, indices);
    expectMoved("oneHot", [], { depth: 5, dtype: "int32" }, indices);
  });
});
