/**
 * Costs against the reference backend at work: its own kernels, made to count, over the conformance grid. Multiply-adds and
 * bytes are exact; other arithmetic is at most what the reference does, which computes some of it twice.
 */
import { beforeAll, describe, expect, it } from "vitest";
import type { ArrayKernels, ArrayUpdates, ArrayView } from "../../src/backends/kernel-table.js";
import { costOfOp, costOfUpdate, costs, type Sized } from "../../src/ops/cost/index.js";
import { inferDType } from "../../src/ops/dtypes.js";
import { inferShapes } from "../../src/ops/shapes/index.js";
import { type Attrs, type OpName, updateWrites } from "../../src/ops/spec/index.js";
import { dtypes, newArray } from "../../src/tensor/dtype.js";
import { Random } from "../../src/tensor/random.js";
import { type Shape, sizeOf } from "../../src/tensor/shape.js";
import { type Case, cases, dtypeOfInput, type GridOp, type Input } from "../conformance/cases/index.js";
import { updateCases, updateNames } from "../conformance/update-cases.js";
import { type Counts, countingReference, watched } from "./counting.js";

const counts: Counts = { products: 0, operations: 0 };
let kernels: ArrayKernels;
let updates: ArrayUpdates;
beforeAll(async () => {
  const reference = await countingReference(counts);
  kernels = Object.assign(
    {},
    reference("index").referenceKernels,
    ...Object.values(reference("chapters")),
  ) as ArrayKernels;
  updates = Object.assign(
    {},
    reference("updates").referenceUpdates,
    ...Object.values(reference("optimizer-updates")),
  ) as ArrayUpdates;
});

interface Watched extends ArrayView {
  readonly seen: Set<number>;
}

/** No integers, which would count as indices, and nothing that a function has no value for. */
function operand(shape: Shape, dtype: Sized["dtype"], seed: number, limit = 1): Watched {
  const random = new Random(seed);
  const values = newArray(dtype, sizeOf(shape));
  for (let i = 0; i < values.length; i++)
    values[i] = dtype === "int32" ? random.next32() % limit : 0.25 + 0.5 * random.uniform();
  const seen = new Set<number>();
  return { shape, dtype, seen, data: watched(values, seen) };
}

const limitOf = ({ fill }: Input): number =>
  typeof fill === "object" && "indicesBelow" in fill ? fill.indicesBelow : 1;

const outputShapes = (op: GridOp, inputs: readonly Sized[], attrs: object): readonly Shape[] =>
  (inferShapes[op] as unknown as (shapes: readonly Shape[], attrs: object) => readonly Shape[])(
    inputs.map(({ shape }) => shape),
    attrs,
  );

type AnyKernel = (inputs: readonly ArrayView[], attrs: unknown, outputs: readonly ArrayView[]) => void;

/** One case on the counting kernels: what was counted, and the bytes that were read and written. */
function run(op: GridOp, { inputs, attrs }: Case<Attrs<GridOp>>) {
  const xs = inputs.map((spec, i) => {
    const one = operand(spec.shape, dtypeOfInput(spec, "float32"), 7 + i, limitOf(spec));
    // integers among the numbers of a table count as indices, and its weights are none
    if (typeof spec.fill === "object" && "values" in spec.fill && one.dtype === "int32") one.data.set(spec.fill.values);
    one.seen.clear();
    return one;
  });
  const shapes = outputShapes(op, xs, attrs);
  const dtype = inferDType(
    op,
    xs.map((x) => x.dtype),
    attrs,
  );
  const ys = shapes.map((shape): ArrayView => ({ shape, dtype, data: newArray(dtype, sizeOf(shape)) }));
  Object.assign(counts, { products: 0, operations: 0 });
  (kernels[op] as unknown as AnyKernel)(xs, attrs, ys);
  const read = xs.reduce((sum, { seen, dtype: of }) => sum + seen.size * dtypes[of].bytes, 0);
  const written = ys.reduce((sum, { data }) => sum + data.byteLength, 0);
  return { cost: costOfOp(op, xs, attrs, ys), counted: { ...counts }, bytes: read + written };
}

/** Ops that sum products. */
const productOps: readonly OpName[] = [
  "matmul",
  "conv2d",
  "conv2dBias",
  "conv2dInputGrad",
  "conv2dWeightGrad",
  "patchMoments",
  "patchMomentsGrad",
  "foldedInputGrad",
  "foldBranches",
  "foldBranchesGrad",
  "foldMomentsGrad",
];
/** What is read depends on the numbers: these may read less than they are said to, and the reference does. */
const readsByValue: { readonly [K in OpName]?: string } = {
  where: "the operand that is chosen",
  gather: "a row that is asked for twice is one row",
  takeAlongAxis: "a number that is asked for twice is one number",
  maxPool2dIndices: "a single number is the largest without being looked at",
  resample: "taps that a row of the table does not count, and what no row reaches",
  maxPool2dGrad: "a single number is the largest without being looked at",
};
/** The difference of a single patch from its mean is 0, and so are all products. */
const hasManyPatches = (op: GridOp, { inputs: [x], attrs }: Case<Attrs<GridOp>>): boolean => {
  if (op !== "patchMoments") return true;
  const { kernelSize, ...geometry } = attrs as Attrs<"patchMoments">;
  const w = [...kernelSize, 1, geometry.groups];
  const [y] = inferShapes.conv2d([[...x!.shape.slice(0, 3), geometry.groups], w], geometry);
  return sizeOf(y.slice(0, 3)) > 1;
};
/** A product with passes over its input or output, whose own products are among those counted. */
const mixedOps: readonly OpName[] = ["conv2dStatistics", "normedInputGrad"];

/** The reference divides and subtracts again where a good kernel keeps results: at most this many times the least. */
const WASTE = 4;

/** Larger ones take minutes at 2 µs a product; they have smaller siblings of the same kind. */
const MOST_PRODUCTS = 1e6;

function isSmall(op: GridOp, { inputs, attrs }: Case<Attrs<GridOp>>): boolean {
  const sized = inputs.map(({ shape }): Sized => ({ shape, dtype: "float32" }));
  const outputs = outputShapes(op, sized, attrs).map((shape): Sized => ({ shape, dtype: "float32" }));
  return costOfOp(op, sized, attrs, outputs).multiplyAdds <= MOST_PRODUCTS;
}

describe("costs", () => {
  for (const op of Object.keys(cases) as GridOp[])
    it(`of ${op} are those of the reference at work`, () => {
      const small = (cases[op] as readonly Case<Attrs<GridOp>>[]).filter(
        (one) => isSmall(op, one) && hasManyPatches(op, one),
      );
      expect(small.length).toBeGreaterThan(0);
      for (const one of small) {
        const { cost, counted, bytes } = run(op, one);
        const what = `${JSON.stringify(one.inputs.map(({ shape }) => shape))} ${JSON.stringify(one.attrs)}`;
        if (op in readsByValue) expect(cost.bytes, what).toBeGreaterThanOrEqual(bytes);
        else expect(cost.bytes, what).toBe(bytes);
        // a fold's products that are summed into nothing count as multiply-adds, too
        if (!op.startsWith("fold")) expect(cost.flops, what).toBeLessThanOrEqual(counted.operations);
        if (productOps.includes(op)) expect(cost.multiplyAdds, what).toBe(counted.products);
        else if (mixedOps.includes(op)) {
          expect(counted.products, what).toBeGreaterThanOrEqual(cost.multiplyAdds);
          expect(counted.products, what).toBeLessThanOrEqual(cost.flops - cost.multiplyAdds);
        } else {
          expect(cost.multiplyAdds, what).toBe(0);
          // cutting a float to an integer is moving it
          if (op !== "cast") expect(WASTE * cost.flops, what).toBeGreaterThanOrEqual(counted.operations);
        }
      }
    });

  it("of products are twice their multiply-adds, a batch that shares b included", () => {
    const sized = (shape: Shape): Sized => ({ shape, dtype: "float32" });
    const attrs = { transposeA: false, transposeB: false };
    const cost = costOfOp("matmul", [sized([8, 32, 32]), sized([32, 32])], attrs, [sized([8, 32, 32])]);
    expect(cost).toEqual({ multiplyAdds: 8 * 32 ** 3, flops: 524_288, bytes: 4 * (8 + 1 + 8) * 32 ** 2 });
  });

  it("have a row for every op; random ones write and compute nothing that is a flop", () => {
    expect(Object.keys(costs).sort()).toEqual([...Object.keys(cases), "rand", "randn", "bernoulli"].sort());
    const y: Sized = { shape: [10], dtype: "float32" };
    const attrs = { shape: [10], dtype: "float32", seed: 0, stream: 0 } as const;
    expect(costOfOp("randn", [], attrs, [y])).toEqual({ multiplyAdds: 0, flops: 0, bytes: 40 });
  });
});

describe("costs of updates", () => {
  for (const op of updateNames)
    it(`${op}, by the reference at work`, () => {
      const { fills, attrs: all } = updateCases[op];
      expect(all.length).toBeGreaterThan(0);
      for (const attrs of all) {
        const operands = fills.map((_, seed) => operand([7, 5], "float32", seed));
        Object.assign(counts, { products: 0, operations: 0 });
        (updates[op] as unknown as (operands: readonly ArrayView[], attrs: object) => void)(operands, attrs);
        const written = operands.slice(0, updateWrites[op]);
        const cost = costOfUpdate(op, operands, attrs, written);
        const read = operands.reduce((sum, { seen }) => sum + 4 * seen.size, 0);
        expect(cost.bytes, JSON.stringify(attrs)).toBe(read + 4 * 35 * written.length);
        expect(cost.flops, JSON.stringify(attrs)).toBeLessThanOrEqual(counts.operations);
        expect(WASTE * cost.flops, JSON.stringify(attrs)).toBeGreaterThanOrEqual(counts.operations);
      }
    });
});
