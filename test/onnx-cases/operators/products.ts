/**
 * Matrix products, and those of quantised integers, whose sums are computed exactly as fractions.
 */

import type { Tensor } from "../../../src/index.js";
import * as t from "../../../src/index.js";
import type { Call, OperatorTable } from "../call.js";
import { along, axisOf, wide } from "./steps.js";
import { conv } from "./windows.js";

function gemm(call: Call): Tensor {
  const transposed = { transposeA: call.int("transA", 0) === 1, transposeB: call.int("transB", 0) === 1 };
  const product = t.mul(t.matmul(call.x(0), call.x(1), transposed), call.float("alpha", 1));
  return call.has(2) ? t.add(product, t.mul(call.x(2), call.float("beta", 1))) : product;
}

/** x less its zero point, as fractions. */
const centred = (call: Call, x: number, zero: number): Tensor =>
  call.has(zero) ? t.sub(wide(call.x(x)), wide(call.x(zero))) : wide(call.x(x));

/** A scale or zero point, one for all or one for each index of `axis`. */
function perAxis(call: Call, i: number): Tensor {
  const x = call.x(0);
  const given = call.x(i);
  return given.rank === 1 ? along(given, axisOf(call.int("axis", 1), x.rank), x.rank) : given;
}

/** Fractions as bytes: rounded to even, cut to what a byte holds. */
const toBytes = (x: Tensor, zero: Tensor): Tensor =>
  t.cast(t.clamp(t.add(t.round(x), t.cast(zero, x.dtype)), 0, 255), "uint8");

function dynamicQuantize(call: Call): Tensor[] {
  const x = call.x(0);
  const low = t.minimum(t.min(x), 0);
  const scale = t.div(t.sub(t.maximum(t.max(x), 0), low), 255);
  const zero = t.cast(t.clamp(t.round(t.div(t.neg(low), scale)), 0, 255), "uint8");
  return [toBytes(t.div(x, scale), zero), scale, zero];
}

/** Both factors, scales and zero points in one order: x, its scale and zero, w, its scale and zero, y's scale and zero. */
function quantised(call: Call, product: (x: Tensor, w: Tensor) => Tensor, scaleShape: readonly number[]): Tensor {
  const y = product(centred(call, 0, 2), centred(call, 3, 5));
  const scales = t.div(t.mul(wide(call.x(1)), t.reshape(wide(call.x(4)), scaleShape)), wide(call.x(6)));
  return toBytes(t.mul(y, scales), call.x(7));
}

export const products: OperatorTable = {
  MatMul: (call) => t.matmul(call.x(0), call.x(1)),
  Gemm: gemm,
  MatMulInteger: (call) => t.cast(t.matmul(centred(call, 0, 2), centred(call, 1, 3)), "int32"),
  ConvInteger: (call) => t.cast(conv(call, centred(call, 0, 2), centred(call, 1, 3)), "int32"),
  QLinearMatMul: (call) => quantised(call, (x, w) => t.matmul(x, w), []),
  QLinearConv: (call) => quantised(call, (x, w) => conv(call, x, w), [-1, 1, 1]),
  QuantizeLinear: (call) => toBytes(t.div(call.x(0), perAxis(call, 1)), perAxis(call, 2)),
  DequantizeLinear: (call) => {
    const x = t.cast(call.x(0), "float32");
    return t.mul(call.has(2) ? t.sub(x, perAxis(call, 2)) : x, perAxis(call, 1));
  },
  DynamicQuantizeLinear: dynamicQuantize,
};
