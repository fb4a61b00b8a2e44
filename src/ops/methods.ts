/**
 * The ops as methods: `x.matmul(w).add(b).relu()`. One row per method; each is the function of the same name. What few programs
 * chain comes with its functions: a bundle without them has an error in its place.
 */
import { Tensor } from "../tensor/tensor.js";
import { UsageError } from "../util/errors.js";
import * as F from "./functional/index.js";
import { type AsMethods, installMethods } from "./method.js";

const methods = {
  neg: F.neg,
  abs: F.abs,
  sign: F.sign,
  floor: F.floor,
  ceil: F.ceil,
  round: F.round,
  exp: F.exp,
  log: F.log,
  sqrt: F.sqrt,
  rsqrt: F.rsqrt,
  square: F.square,
  reciprocal: F.reciprocal,
  sin: F.sin,
  cos: F.cos,
  tanh: F.tanh,
  sigmoid: F.sigmoid,
  relu: F.relu,
  trunc: F.trunc,
  lerp: F.lerp,
  cast: F.cast,
  add: F.add,
  sub: F.sub,
  mul: F.mul,
  div: F.div,
  pow: F.pow,
  maximum: F.maximum,
  minimum: F.minimum,
  clamp: F.clamp,
  equal: F.equal,
  notEqual: F.notEqual,
  less: F.less,
  lessEqual: F.lessEqual,
  greater: F.greater,
  greaterEqual: F.greaterEqual,
  sum: F.sum,
  mean: F.mean,
  max: F.max,
  min: F.min,
  argmax: F.argmax,
  argmin: F.argmin,
  softmax: F.softmax,
  logSoftmax: F.logSoftmax,
  reshape: F.reshape,
  transpose: F.transpose,
  broadcastTo: F.broadcastTo,
  slice: F.slice,
  flip: F.flip,
  squeeze: F.squeeze,
  unsqueeze: F.unsqueeze,
  flatten: F.flatten,
  permute: F.permute,
  swapAxes: F.swapAxes,
  expand: F.expand,
  matmul: F.matmul,
} as const;

/** Methods that come with the functions of their names. */
const others =
  "atan2 fmod remainder floorDivide erf tan asin acos atan sinh cosh asinh acosh atanh log1p expm1 log2 log10 exp2 gelu silu softplus hardswish hardsigmoid leakyRelu elu mish gather takeAlongAxis scatter scatterAdd indexSelect maskedFill maskedSelect nonzero repeatInterleave maxWithIndices minWithIndices argsort sort topK median prod cumsum cumprod bitwiseAnd bitwiseOr bitwiseXor bitwiseNot bitwiseLeftShift bitwiseRightShift tril triu diagonal diag pad logicalAnd logicalOr logicalXor logicalNot isNaN isInf isFinite any all norm variance std varMean logSumExp unflatten moveAxis tile repeat roll stridedSlice at narrow select split chunk unbind".split(
    " ",
  );

/** Named here: the declaration of `methods` would lack the import otherwise. */
type Self = Tensor;

declare module "../tensor/tensor.js" {
  interface Tensor extends AsMethods<Pick<typeof F, keyof typeof methods>, Self> {}
}

installMethods(methods);
for (const name of others.filter((other) => !(other in Tensor.prototype)))
  installMethods({
    [name]: () => {
      throw new UsageError(
        `${name}: this bundle has no such method, expected the function beside it`,
        `import { ${name} } from "tensorone" and call ${name}(x), or import "tensorone/methods" for all methods`,
      );
    },
  });
