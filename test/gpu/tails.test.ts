/**
 * Elementwise ops, and those that pick rather than add, on numbers of all magnitudes: the gpu backend against the reference,
 * element by element, within WGSL's stated bounds.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gradients } from "../../src/autograd/gradients/index.js";
import type { Backend } from "../../src/backends/backend.js";
import { createGpuBackend } from "../../src/backends/gpu/gpu-backend.js";
import type { OpName } from "../../src/ops/spec/index.js";
import { type Shape, sizeOf } from "../../src/tensor/shape.js";
import { elementwise } from "../conformance/elementwise.js";
import { valuesOf } from "../conformance/numbers.js";
import { judged } from "../conformance/special.js";
import type { SpecialCase } from "../golden/numbers/special-values.js";
import { noDriver } from "./software-vulkan.js";
import { gpuFailures } from "./special.js";

const picks = "max min argmax";
const shapes: readonly Shape[] = [[1], [5, 7], [33, 1025]];

function given(op: OpName, shape: Shape, operands: number, attrs: SpecialCase["attrs"] = {}): SpecialCase {
  const input = (seed: number) => ({
    shape,
    dtype: "float32" as const,
    values: [...valuesOf({ shape, fill: "tails", dtype: "float32" }, seed, "float32")],
  });
  const hasGradient = gradients[op] !== null && op !== "reluGrad" && !("axes" in attrs);
  return {
    op,
    dtype: "float32",
    attrs,
    inputs: Array.from({ length: operands }, (_, i) => input(3 + 17 * i)),
    outputs: [{ shape, dtype: op === "argmax" ? "int32" : "float32", values: [] }],
    ...(hasGradient && {
      dys: [new Array<number>(sizeOf(shape)).fill(1)],
      gradients: Array.from({ length: operands }, () => []),
    }),
    single: { outputs: new Map(), gradients: new Map() },
  };
}

const cases: readonly SpecialCase[] = [
  ...Object.entries(elementwise).flatMap(([op, [operands]]) =>
    shapes.map((shape) => given(op as OpName, shape, operands)),
  ),
  ...shapes.map((shape) => given("reluGrad", shape, 2)),
  ...picks.split(" ").flatMap((op) =>
    [0, 1].flatMap((axis) =>
      [1, 3, 37, 300].map((length) => {
        const attrs = op === "argmax" ? { axis } : { axes: [axis], keepDims: false };
        return given(op as OpName, axis === 0 ? [length, 70] : [70, length], 1, attrs);
      }),
    ),
  ),
];

for (const mode of ["cpu", "webasm", "webgpu"] as const)
  describe.skipIf(mode === "webgpu" && noDriver !== null)(`numbers of all magnitudes, gpu.js mode ${mode}`, () => {
    let backend: Backend;
    beforeAll(async () => {
      backend = await createGpuBackend({ mode, poison: true });
    });
    afterAll(async () => {
      await backend.dispose?.();
    });
    for (const op of new Set(cases.map((special) => special.op)))
      it(op, async () => {
        for (const special of cases)
          if (special.op === op) expect(await gpuFailures(backend, [await judged(special)])).toEqual([]);
      });
  });
