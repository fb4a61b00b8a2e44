/**
 * Shapes that one dispatch of square workgroups does not reach: axes of more than half a million, layers of more than
 * 65,535, runs of more than 2^24 numbers. Every op that counts in three coordinates, against the wasm backend.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Backend, withBackend } from "../../src/backends/backend.js";
import { createGpuBackend, type GpuBackend } from "../../src/backends/gpu/gpu-backend.js";
import { createWasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import { type Shape, type Tensor, type TypedArray, tensor } from "../../src/index.js";
import { apply } from "../../src/ops/apply.js";
import type { Attrs, OpName } from "../../src/ops/spec/index.js";
import { sizeOf } from "../../src/tensor/shape.js";
import { ShapeError } from "../../src/util/errors.js";
import { relativeError } from "../conformance/numbers.js";
import { noDriver } from "./software-vulkan.js";

interface Large<K extends OpName> {
  readonly op: K;
  readonly shapes: readonly Shape[];
  readonly attrs: Attrs<K>;
  /** What the numbers are scaled and moved to; default −1 … 1. */
  readonly at?: (v: number, operand: number) => number;
}
const large = <K extends OpName>(
  op: K,
  shapes: readonly Shape[],
  attrs: Attrs<K>,
  at?: Large<K>["at"],
): Large<OpName> => ({ op, shapes, attrs, ...(at && { at }) }) as unknown as Large<OpName>;

const geometry = { stride: [1, 1], padding: [1, 1], dilation: [1, 1] } as const;
const window = { kernelSize: [2, 2], stride: [1, 1], padding: [0, 0] } as const;
/** More images than a side of a dispatch has workgroups, two rows each. */
const pictures = [40_000, 2, 2, 3] as const;
const positive = (v: number): number => 0.5 + Math.abs(v);

const cases: readonly Large<OpName>[] = [
  large("sum", [[600_000, 2]], { axes: [1], keepDims: false }),
  large("sum", [[17_000_003]], { axes: [0], keepDims: false }),
  large("mean", [[17_000_003, 1]], { axes: [0], keepDims: false }),
  large("max", [[66_000, 3, 2]], { axes: [1], keepDims: false }),
  large("max", [[17_000_003]], { axes: [0], keepDims: false }),
  large("argmax", [[600_000, 3]], { axis: 1 }),
  large("softmax", [[70_000, 10]], { axis: 1 }),
  large("logSoftmax", [[600_000, 3]], { axis: 1 }),
  large("transpose", [[600_000, 3]], { perm: [1, 0] }),
  large("transpose", [[3, 600_000]], { perm: [1, 0] }),
  large("transpose", [[600_000, 2, 3, 2]], { perm: [0, 2, 1, 3] }),
  large("slice", [[600_000, 3, 2]], { begin: [0, 1, 0], size: [600_000, 1, 2] }),
  large("slice", [[2, 600_000, 3]], { begin: [1, 3, 0], size: [1, 599_990, 3] }),
  large("pad", [[600_000, 3]], { before: [0, 1], after: [0, 2], value: 7 }),
  large(
    "concat",
    [
      [600_000, 2],
      [600_000, 3],
    ],
    { axis: 1 },
  ),
  large(
    "add",
    [
      [70_000, 2, 3],
      [70_000, 1, 3],
    ],
    {},
  ),
  large(
    "mul",
    [
      [3, 600_000, 2],
      [600_000, 1],
    ],
    {},
  ),
  large("broadcastTo", [[70_000, 1, 2]], { shape: [70_000, 3, 2] }),
  large(
    "matmul",
    [
      [4_194_250, 8],
      [8, 8],
    ],
    { transposeA: false, transposeB: false },
  ),
  large(
    "matmul",
    [
      [600_000, 3],
      [3, 2],
    ],
    { transposeA: false, transposeB: false },
  ),
  large(
    "matmul",
    [
      [70_000, 2, 3],
      [70_000, 3, 2],
    ],
    { transposeA: false, transposeB: false },
  ),
  large(
    "matmul",
    [
      [66_000, 8, 8],
      [66_000, 8, 8],
    ],
    { transposeA: false, transposeB: true },
  ),
  large("conv2d", [pictures, [3, 3, 3, 2]], { ...geometry, groups: 1 }),
  large(
    "conv2dInputGrad",
    [
      [40_000, 2, 2, 3],
      [3, 3, 1, 3],
    ],
    { ...geometry, groups: 3, inputShape: pictures },
  ),
  large("conv2dWeightGrad", [pictures, [40_000, 2, 2, 3]], { ...geometry, groups: 3, weightShape: [3, 3, 1, 3] }),
  large("avgPool2d", [[70_000, 2, 2, 3]], window),
  large("maxPool2d", [[70_000, 2, 2, 3]], window),
  large("batchNorm", [[600_011, 3], [3], [3]], { eps: 1e-5 }, (v, i) => (i === 0 ? 3 + v : positive(v))),
  large("batchNorm", [[17_000_008, 1], [1], [1]], { eps: 1e-5 }, (v, i) => (i === 0 ? 3 + v : positive(v))),
  large("batchNormGrad", [[600_011, 3], [600_011, 3], [3], [3], [3]], { eps: 1e-5 }, (v, i) =>
    i < 2 ? v : positive(v),
  ),
  large("patchMoments", [[70_000, 2, 2, 2]], { ...window, dilation: [1, 1], groups: 2 }),
];

/** Numbers that no period of 251 hides. */
function operands({ shapes, at = (v: number) => v }: Large<OpName>): Float32Array[] {
  return shapes.map((shape, operand) =>
    Float32Array.from({ length: sizeOf(shape) }, (_, i) =>
      at(((Math.imul(i + 977 * operand, 2654435761) >>> 20) - 2048) / 2048, operand),
    ),
  );
}

const run = (where: Backend, one: Large<OpName>, values: readonly Float32Array[]): Promise<TypedArray[]> =>
  withBackend(where, async () => {
    const inputs = values.map((v, i) => tensor(v, one.shapes[i]!));
    const outputs = apply(one.op, inputs, one.attrs) as readonly Tensor[];
    const found: TypedArray[] = [];
    for (const y of outputs) found.push(await y.data());
    for (const x of [...inputs, ...outputs]) x.dispose();
    return found;
  });

describe.skipIf(noDriver !== null)("shapes that one dispatch does not reach", () => {
  let backend: GpuBackend;
  const wasm = createWasmBackend({ threads: 1 });
  beforeAll(async () => {
    backend = await createGpuBackend();
  });
  afterAll(async () => {
    await backend.dispose();
    await wasm.dispose();
  });

  it.each(
    cases.map((one) => [`${one.op} ${one.shapes.map((shape) => `[${shape}]`).join(" ")}`, one] as const),
  )("%s", async (_, one) => {
    const values = operands(one);
    const expected = await run(wasm, one, values);
    (await run(backend, one, values)).forEach((found, i) => {
      expect(relativeError(found, expected[i]!), `output ${i}`).toBeLessThanOrEqual(2e-5);
    });
  });

  it("an axis that float32 does not count is refused before anything runs", () =>
    withBackend(backend, async () => {
      const x = tensor(new Float32Array(2 ** 24 + 1));
      const before = backend.stats.dispatches;
      expect(() => apply("argmax", [x], { axis: 0 })).toThrow(ShapeError);
      expect(() => apply("argmax", [x], { axis: 0 })).toThrow(
        "gpu: argmax: an axis of 16777217, expected at most 16777216",
      );
      expect(backend.stats.dispatches).toBe(before);
      x.dispose();
    }));
});
