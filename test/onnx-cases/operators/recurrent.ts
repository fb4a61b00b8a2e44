/**
 * Recurrent cells: one direction, without clipping, by the formulas of onnx.ai's pages RNN, GRU and LSTM.
 */

import type { Tensor } from "../../../src/index.js";
import * as t from "../../../src/index.js";
import type { Call, OperatorTable } from "../call.js";
import { Inexpressible } from "../inexpressible.js";
import { upTo } from "./steps.js";

/** Of each gate: x W and h R, both with their bias; `ofHidden` gives h R for another h, without bias. */
interface Gates {
  readonly fromInput: readonly Tensor[];
  readonly fromHidden: readonly Tensor[];
  ofHidden(gate: number, h: Tensor): Tensor;
  readonly hiddenBias: readonly Tensor[];
}
interface State {
  readonly h: Tensor;
  readonly c: Tensor;
}
/** `peepholes` are weights of the cell state for the gates i, o, f. */
type Cell = (gates: Gates, state: State, peepholes: readonly Tensor[] | null) => State;

const sum = (...tensors: readonly Tensor[]): Tensor => tensors.reduce((a, b) => t.add(a, b));

const simple: Cell = ({ fromInput: [x], fromHidden: [h] }, { c }) => ({ h: t.tanh(t.add(x!, h!)), c });

const gru: Cell = ({ fromInput: [xz, xr, xh], fromHidden: [hz, hr], ofHidden, hiddenBias }, { h, c }) => {
  const z = t.sigmoid(t.add(xz!, hz!));
  const r = t.sigmoid(t.add(xr!, hr!));
  const candidate = t.tanh(sum(xh!, ofHidden(2, t.mul(r, h)), hiddenBias[2]!));
  return { h: t.add(t.mul(t.sub(1, z), candidate), t.mul(z, h)), c };
};

const lstm: Cell = ({ fromInput: [xi, xo, xf, xc], fromHidden: [hi, ho, hf, hc] }, { c }, peepholes) => {
  const peep = (gate: number, x: Tensor, cell: Tensor) => (peepholes ? t.add(x, t.mul(peepholes[gate]!, cell)) : x);
  const i = t.sigmoid(peep(0, t.add(xi!, hi!), c));
  const f = t.sigmoid(peep(2, t.add(xf!, hf!), c));
  const cell = t.add(t.mul(f, c), t.mul(i, t.tanh(t.add(xc!, hc!))));
  const o = t.sigmoid(peep(1, t.add(xo!, ho!), cell));
  return { h: t.mul(o, t.tanh(cell)), c: cell };
};

/** The `count` parts of a tensor's first axis. */
function parts(x: Tensor, count: number): Tensor[] {
  const size = x.shape[0]! / count;
  return upTo(count).map((i) => t.slice(x, [i * size], [size]));
}

/** X [T, N, I], or [N, T, I] in layout 1 -> Y [T, 1, N, H], the last h and c [1, N, H]. */
function recurrent(call: Call, gates: number, cell: Cell): Tensor[] {
  const isBatchFirst = call.int("layout", 0) === 1;
  const inputs = isBatchFirst ? t.transpose(call.x(0), [1, 0, 2]) : call.x(0);
  const [w, r] = [call.x(1), call.x(2)].map((x) => parts(t.reshape(x, x.shape.slice(1)), gates)) as [
    Tensor[],
    Tensor[],
  ];
  if (call.x(1).shape[0] !== 1) throw new Inexpressible("missing: recurrent cells in two directions");
  const hidden = call.int("hidden_size", 0);
  const [steps, batch] = inputs.shape as [number, number];
  const biases = parts(call.has(3) ? t.reshape(call.x(3), [-1]) : t.zeros([2 * gates * hidden]), 2 * gates);
  const initial = (i: number) => (call.has(i) ? t.reshape(call.x(i), [batch, hidden]) : t.zeros([batch, hidden]));
  const peepholes = call.has(7) ? parts(t.reshape(call.x(7), [-1]), 3) : null;
  const ofHidden = (gate: number, h: Tensor) => t.matmul(h, r[gate]!, { transposeB: true });
  let state: State = { h: initial(5), c: initial(6) };
  const all: Tensor[] = [];
  for (const step of upTo(steps)) {
    const x = t.reshape(t.slice(inputs, [step], [1]), [batch, -1]);
    const fromInput = w.map((weight, k) => t.add(t.matmul(x, weight, { transposeB: true }), biases[k]!));
    const fromHidden = w.map((_, k) => t.add(ofHidden(k, state.h), biases[gates + k]!));
    state = cell({ fromInput, fromHidden, ofHidden, hiddenBias: biases.slice(gates) }, state, peepholes);
    all.push(state.h);
  }
  // [T, 1, N, H], or [N, T, 1, H]
  const y = t.stack(all);
  const [n, h] = [batch, hidden];
  if (!isBatchFirst) return [t.reshape(y, [steps, 1, n, h]), ...[state.h, state.c].map((x) => t.reshape(x, [1, n, h]))];
  const byItem = t.reshape(t.transpose(y, [1, 0, 2]), [n, steps, 1, h]);
  return [byItem, ...[state.h, state.c].map((x) => t.reshape(x, [n, 1, h]))];
}

export const recurrentCells: OperatorTable = {
  RNN: (call) => recurrent(call, 1, simple),
  GRU: (call) => recurrent(call, 3, gru),
  LSTM: (call) => recurrent(call, 4, lstm),
};
