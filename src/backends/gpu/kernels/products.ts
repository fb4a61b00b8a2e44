/**
 * Matrix products: one thread per output, the long dimension split where outputs are few. On a device that takes its own
 * tiled kernel (../wgsl/product.ts) these are its twins.
 */
import { type Shape, sizeOf } from "../../../tensor/shape.js";
import { defineKernel, type GpuKernel, LONGEST_AXIS } from "../kernel.js";
import { type BufferOperand, flat, type Lowering, type Place, type Plan, type Product, part, viewOf } from "../plan.js";
import { expand } from "./broadcast.js";
import { sumRun } from "./reduce.js";

/** Longest sum of one thread where there are few outputs, and what "few" is. */
const SPLIT = 256;
const FEW_OUTPUTS = 16_384;

/** z counts batches, or, with one batch, parts of k. */
const productKernel = (transposeA: boolean, transposeB: boolean) =>
  defineKernel(
    {
      name: `product${transposeA ? " Aᵀ" : ""}${transposeB ? " Bᵀ" : ""}`,
      rank: 3,
      args: {
        a: "array",
        b: "array",
        bias: "array",
        strideA: "integer",
        strideB: "integer",
        count: "integer",
        length: "integer",
        stepK: "integer",
        scale: "float",
        hasBias: "float",
        isRelu: "float",
      },
    },
    `const from = this.thread.z * stepK;
    let total = 0;
    for (let k = 0; k < length; k++) {
      if (from + k < count) {
        total += a[this.thread.z * strideA]${transposeA ? "[from + k][this.thread.y]" : "[this.thread.y][from + k]"}
          * b[this.thread.z * strideB]${transposeB ? "[this.thread.x][from + k]" : "[from + k][this.thread.x]"};
      }
    }
    total = total * scale;
    if (hasBias > 0.5) { total += bias[this.thread.x]; }
    if (isRelu > 0.5) { return reluOf(total); }
    return total;`,
  );

const kernels = {
  plain: { plain: productKernel(false, false), transposed: productKernel(false, true) },
  transposed: { plain: productKernel(true, false), transposed: productKernel(true, true) },
} as const;

const key = (isTransposed: boolean) => (isTransposed ? "transposed" : "plain");

const MAX_Z = 65_535;

/** Of a product with more rows than a kernel can count: its rows in runs. */
function multiplyRows(product: Product, plan: Plan): void {
  const { a, y, m, n, k } = product;
  for (let from = 0; from < m; from += LONGEST_AXIS) {
    const rows = Math.min(LONGEST_AXIS, m - from);
    multiply({ ...product, a: part(a, from * k, rows * k), y: part(y, from * n, rows * n), m: rows }, plan);
  }
}

export function multiply(product: Product, plan: Plan): void {
  if (plan.product(product)) return;
  if (product.m > LONGEST_AXIS && product.batch === 1 && !product.transposeA) {
    multiplyRows(product, plan);
    return;
  }
  const { a, b, y, m, n, k, transposeA, transposeB, batch, strideA, strideB, bias, relu, scale } = product;
  const kernel = kernels[key(transposeA)][key(transposeB)];
  const [ay, ax] = transposeA ? [k, m] : [m, k];
  const [by, bx] = transposeB ? [n, k] : [k, n];
  const views = {
    a: viewOf(a, strideA ? batch : 1, ay, ax),
    b: viewOf(b, strideB ? batch : 1, by, bx),
    // an array must be bound even where none is read
    bias: flat(bias ?? part(a, 0, 1)),
    count: k,
  };
  const isSplit = batch === 1 && k > SPLIT && m * n <= FEW_OUTPUTS && !bias && !relu;
  if (!isSplit) {
    const flags = { hasBias: Number(bias !== null), isRelu: Number(relu) };
    plan.call(kernel, y, [n, m, batch], { ...views, strideA, strideB, length: k, stepK: 0, scale, ...flags });
    return;
  }
  const parts = Math.min(MAX_Z, Math.ceil(k / SPLIT));
  const length = Math.ceil(k / parts);
  const partial = plan.scratch(parts * m * n);
  const plain = { strideA: 0, strideB: 0, scale: 1, hasBias: 0, isRelu: 0 };
  plan.call(kernel, partial, [n, m, parts], { ...views, ...plain, length, stepK: length });
  sumRun(partial, { outer: 1, count: parts, inner: m * n }, y, plan, scale);
}

const plainProduct = { batch: 1, strideA: 0, strideB: 0, bias: null, relu: false, scale: 1 } as const;

/** A product of two matrices with everything else plain. */
export const product = (given: Pick<Product, "a" | "b" | "y" | "m" | "n" | "k"> & Partial<Product>): Product => ({
  transposeA: false,
  transposeB: false,
  ...plainProduct,
  ...given,
});

/** An operand's matrices: one for all batches, or one for each, repeated where it broadcasts. */
function matrices(x: BufferOperand, batch: Shape, plan: Plan): { readonly place: Place; readonly stride: 0 | 1 } {
  const own = x.shape.slice(0, -2);
  const count = sizeOf(own);
  if (count === sizeOf(batch)) return { place: x.place, stride: 1 };
  if (count === 1) return { place: x.place, stride: 0 };
  const matrix = x.shape.slice(-2);
  const place = plan.scratch(sizeOf(batch) * sizeOf(matrix));
  expand(x, [...batch, ...matrix], place, plan);
  return { place, stride: 1 };
}

export const matmul: Lowering<"matmul"> = ([a, b], { transposeA, transposeB }, [y], plan) => {
  const batch = y.shape.slice(0, -2);
  const [m, n] = y.shape.slice(-2) as [number, number];
  const k = transposeA ? a.shape.at(-2)! : a.shape.at(-1)!;
  const left = matrices(a, batch, plan);
  const right = matrices(b, batch, plan);
  const count = sizeOf(batch);
  const strides = count === 1 ? ({ strideA: 0, strideB: 0 } as const) : { strideA: left.stride, strideB: right.stride };
  const places = { a: left.place, b: right.place, y: y.place };
  multiply(product({ ...places, m, n, k, transposeA, transposeB, batch: count, ...strides }), plan);
};

export const productKernels: readonly GpuKernel[] = Object.values(kernels).flatMap((row) => Object.values(row));
