/**
 * Activations, and softmax with its relations.
 */

import type { Tensor } from "../../../src/index.js";
import * as t from "../../../src/index.js";
import type { Call, OperatorTable } from "../call.js";
import { axisOf, channelsFirst, channelsLast, moveAxis } from "./steps.js";

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

function prelu(call: Call): Tensor {
  const [x, slope] = [call.x(0), call.x(1)];
  // before version 7 one slope for all or one for each channel, since then any that broadcasts
  if (call.opset < 7 && x.rank > 1) return channelsFirst(t.prelu(channelsLast(x), slope));
  return t.where(t.less(x, 0), t.mul(x, slope), x);
}

function shrink(call: Call): Tensor {
  const [x, lambda, bias] = [call.x(0), call.float("lambd", 0.5), call.float("bias", 0)];
  if (bias === 0) return t.hardshrink(x, lambda);
  if (bias === lambda) return t.softshrink(x, lambda);
  const above = t.where(t.greater(x, lambda), t.sub(x, bias), 0);
  return t.where(t.less(x, -lambda), t.add(x, bias), above);
}

function selu(call: Call): Tensor {
  if (!call.hasAttribute("alpha") && !call.hasAttribute("gamma")) return t.selu(call.x(0));
  const y = t.elu(call.x(0), call.float("alpha", 1.6732632423543772));
  return t.mul(y, call.float("gamma", 1.0507009873554805));
}

export const activations: OperatorTable = {
  Relu: (call) => t.relu(call.x(0)),
  Sigmoid: (call) => t.sigmoid(call.x(0)),
  Tanh: (call) => t.tanh(call.x(0)),
  Elu: (call) => t.elu(call.x(0), call.float("alpha", 1)),
  Celu: (call) => t.celu(call.x(0), call.float("alpha", 1)),
  Selu: selu,
  LeakyRelu: (call) => t.leakyRelu(call.x(0), call.float("alpha", 0.01)),
  PRelu: prelu,
  ThresholdedRelu: (call) => t.threshold(call.x(0), call.float("alpha", 1), 0),
  HardSigmoid: (call) => t.clamp(t.add(t.mul(call.x(0), call.float("alpha", 0.2)), call.float("beta", 0.5)), 0, 1),
  HardSwish: (call) => t.hardswish(call.x(0)),
  Softplus: (call) => t.softplus(call.x(0)),
  Softsign: (call) => t.softsign(call.x(0)),
  Shrink: shrink,
  Softmax: (call) => alongAxis(call, t.softmax),
  LogSoftmax: (call) => alongAxis(call, t.logSoftmax),
  Hardmax: (call) => alongAxis(call, hardmax),
};
