/**
 * Activations, and softmax with its relations.
 */

import type { Tensor } from "../../../src/index.js";
import * as t from "../../../src/index.js";
import type { Call, OperatorTable } from "../call.js";
import { axisOf, moveAxis } from "./steps.js";

/** Since version 13 along one axis; before, along all axes from the one named, 1 where none is. */
function alongAxis(call: Call, body: (x: Tensor, axis: number) => Tensor): Tensor {
  const x = call.x(0);
  if (call.opset >= 13) return body(x, call.int("axis", -1));
  const axis = axisOf(call.int("axis", 1), x.rank);
  const rows = x.shape.slice(0, axis).reduce((a, b) => a * b, 1);
  return t.reshape(body(t.reshape(x, [rows, -1]), 1), x.shape);
}

function hardmax(x: Tensor, axis: number): Tensor {
  const at = axisOf(axis, x.rank);
  const hot = t.oneHot(t.argmax(x, at), x.shape[at]!, x.dtype);
  return moveAxis(hot, x.rank - 1, at);
}

/** scale * (x where it is positive, else alpha (e^(x / alpha / …) - 1)). */
const elu = (x: Tensor, alpha: number): Tensor =>
  t.where(t.greater(x, 0), x, t.mul(t.sub(t.exp(t.minimum(x, 0)), 1), alpha));

const hardSigmoid = (x: Tensor, alpha: number, beta: number): Tensor => t.clamp(t.add(t.mul(x, alpha), beta), 0, 1);

function prelu(call: Call): Tensor {
  const [x, slope] = [call.x(0), call.x(1)];
  // before version 7 a slope for each channel stands alone
  const isPerChannel = slope.rank === 1 && x.rank > 1 && call.opset < 7;
  const factors = isPerChannel ? t.reshape(slope, [-1, ...Array<number>(x.rank - 2).fill(1)]) : slope;
  return t.where(t.less(x, 0), t.mul(x, factors), x);
}

function shrink(call: Call): Tensor {
  const [x, lambda, bias] = [call.x(0), call.float("lambd", 0.5), call.float("bias", 0)];
  const above = t.where(t.greater(x, lambda), t.sub(x, bias), 0);
  return t.where(t.less(x, -lambda), t.add(x, bias), above);
}

const SELU_ALPHA = 1.6732631921768188;
const SELU_GAMMA = 1.0507010221481323;

export const activations: OperatorTable = {
  Relu: (call) => t.relu(call.x(0)),
  Sigmoid: (call) => t.sigmoid(call.x(0)),
  Tanh: (call) => t.tanh(call.x(0)),
  Elu: (call) => elu(call.x(0), call.float("alpha", 1)),
  Celu: (call) => {
    const alpha = call.float("alpha", 1);
    return t.mul(elu(t.div(call.x(0), alpha), 1), alpha);
  },
  Selu: (call) => t.mul(elu(call.x(0), call.float("alpha", SELU_ALPHA)), call.float("gamma", SELU_GAMMA)),
  LeakyRelu: (call) => {
    const x = call.x(0);
    return t.where(t.less(x, 0), t.mul(x, call.float("alpha", 0.01)), x);
  },
  PRelu: prelu,
  ThresholdedRelu: (call) => t.where(t.greater(call.x(0), call.float("alpha", 1)), call.x(0), 0),
  HardSigmoid: (call) => hardSigmoid(call.x(0), call.float("alpha", 0.2), call.float("beta", 0.5)),
  HardSwish: (call) => t.mul(call.x(0), hardSigmoid(call.x(0), 1 / 6, 0.5)),
  Softplus: (call) => {
    const x = call.x(0);
    return t.add(t.relu(x), t.log(t.add(t.exp(t.neg(t.abs(x))), 1)));
  },
  Softsign: (call) => t.div(call.x(0), t.add(t.abs(call.x(0)), 1)),
  Shrink: shrink,
  Softmax: (call) => alongAxis(call, t.softmax),
  LogSoftmax: (call) => alongAxis(call, t.logSoftmax),
  Hardmax: (call) => alongAxis(call, hardmax),
};
