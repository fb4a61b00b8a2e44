/**
 * Updates of ONNX's training operators: formulas of their own, which are not torch.optim's. Also dropout, whose kept numbers
 * are compared only where none is dropped.
 */

import type { Tensor } from "../../../src/index.js";
import * as t from "../../../src/index.js";
import type { Call, OperatorTable } from "../call.js";
import { Inexpressible } from "../inexpressible.js";
import { upTo } from "./steps.js";

/** The numbers of a call, then tensors in groups: all parameters, all gradients, all states of a kind. */
interface Update {
  readonly rate: number;
  readonly count: number;
  readonly call: Call;
}
type Rule = (update: Update, x: Tensor, gradient: Tensor, states: readonly Tensor[]) => Tensor[];

/** Outputs in groups as the inputs: all parameters, then all states of a kind. */
const update =
  (states: number, rule: Rule) =>
  (call: Call): Tensor[] => {
    const [rate, count] = [0, 1].map((i) => call.value(i).numbers[0]!) as [number, number];
    const parameters = (call.inputs.length - 2) / (states + 2);
    const at = (group: number, i: number) => call.x(2 + group * parameters + i);
    const results = upTo(parameters).map((i) =>
      rule(
        { rate, count, call },
        at(0, i),
        t.add(t.mul(at(0, i), call.float("norm_coefficient", 0)), at(1, i)),
        upTo(states).map((k) => at(2 + k, i)),
      ),
    );
    return upTo(states + 1).flatMap((k) => results.map((outputs) => outputs[k]!));
  };

const adagrad: Rule = ({ rate, count, call }, x, gradient, [squares]) => {
  const step = rate / (1 + count * call.float("decay_factor", 0));
  const sum = t.add(squares!, t.square(gradient));
  return [t.sub(x, t.div(t.mul(gradient, step), t.add(t.sqrt(sum), call.float("epsilon", 1e-6)))), sum];
};

const adam: Rule = ({ rate, count, call }, x, gradient, [first, second]) => {
  const [alpha, beta] = [call.float("alpha", 0.9), call.float("beta", 0.999)];
  const mean = t.add(t.mul(first!, alpha), t.mul(gradient, 1 - alpha));
  const square = t.add(t.mul(second!, beta), t.mul(t.square(gradient), 1 - beta));
  const step = count > 0 ? (rate * Math.sqrt(1 - beta ** count)) / (1 - alpha ** count) : rate;
  const moved = t.sub(x, t.div(t.mul(mean, step), t.add(t.sqrt(square), call.float("epsilon", 1e-6))));
  return [t.mul(moved, 1 - call.float("norm_coefficient_post", 0)), mean, square];
};

const momentum: Rule = ({ rate, count, call }, x, gradient, [velocity]) => {
  const alpha = call.float("alpha", 0);
  const beta = count > 0 ? call.float("beta", 0) : 1;
  const now = t.add(t.mul(velocity!, alpha), t.mul(gradient, beta));
  const move = call.text("mode", "standard") === "nesterov" ? t.add(gradient, t.mul(now, alpha)) : now;
  return [t.sub(x, t.mul(move, rate)), now];
};

function dropout(call: Call): Tensor[] {
  const x = call.x(0);
  const isTraining = call.has(2) && call.value(2).numbers[0] !== 0;
  const ratio = call.has(1) ? call.value(1).numbers[0]! : call.float("ratio", 0.5);
  if (isTraining && ratio > 0) throw new Inexpressible("random numbers: the stored ones are of another generator");
  return [t.cast(x, x.dtype), t.ones(x.shape, { dtype: "bool" })];
}

export const training: OperatorTable = {
  Adagrad: update(1, adagrad),
  Adam: update(2, adam),
  Momentum: update(1, momentum),
  Dropout: dropout,
};
