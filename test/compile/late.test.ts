/** Running statistics of a recorded step: all of them in two stages, with the bits of the plain calls. */
import { expect, it } from "vitest";
import type { WasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import { independentGroups } from "../../src/compile/groups.js";
import { postponeUpdates } from "../../src/compile/late.js";
import { compile, nn, noGrad, randn, setBackend, type Tensor } from "../../src/index.js";
import type { Instruction, ValueView } from "../../src/ops/program.js";

const view = (value: number, size = 8): ValueView => ({ value, offset: 0, shape: [size] });
const op = (inputs: ValueView[], outputs: ValueView[]): Instruction => ({
  kind: "op",
  op: "neg",
  inputs,
  attrs: {},
  outputs,
});
const lerp = (to: ValueView, from: ValueView): Instruction => ({
  kind: "update",
  op: "lerp",
  inputs: [to, from],
  attrs: { weight: 0.1 },
  outputs: [to],
});
const check = (indices: ValueView): Instruction => ({
  kind: "check",
  op: "gather",
  inputs: [indices],
  attrs: { limit: 3, step: 0 },
  outputs: [],
});

it("puts small updates behind the rest, what others wait for stays", () => {
  const [a, b, c, large] = [view(0), view(1), view(2), view(3, 10_000)];
  const chain = [op([large], [view(10, 10_000)]), op([view(10, 10_000)], [view(11, 10_000)])] as const;
  // a moves by what is made for it alone
  const own = op([b], [view(12)]);
  expect(postponeUpdates([own, lerp(a, view(12)), lerp(c, b), ...chain])).toEqual([
    ...chain,
    own,
    lerp(c, b),
    lerp(a, view(12)),
  ]);
  // a is read again, b is written again
  const stays = [lerp(a, b), op([a], [large]), op([large], [b]), ...chain];
  expect(postponeUpdates(stays)).toEqual(stays);
  // no update passes a check
  expect(postponeUpdates([lerp(a, b), chain[0], check(c), lerp(c, b), chain[1]])).toEqual([
    chain[0],
    lerp(a, b),
    check(c),
    chain[1],
    lerp(c, b),
  ]);
  // a large operand does not live longer
  const wide = [lerp(large, view(4, 10_000)), ...chain];
  expect(postponeUpdates(wide)).toEqual(wide);
});

it("moves the running statistics of all layers in two stages", async () => {
  const backend = (await setBackend("wasm", { threads: 2 })) as WasmBackend;
  const norms = Array.from({ length: 5 }, () => new nn.BatchNorm2d(24));
  const forward = (x: Tensor): Tensor => noGrad(() => norms.reduce((y, norm) => norm.forward(y).relu(), x));
  const state = (): string[] =>
    norms.flatMap((norm) => [`${norm.runningMean.dataSync()}`, `${norm.runningVar.dataSync()}`]);
  const x = randn([4, 6, 6, 24], { seed: 1 });
  const compiled = compile(forward);
  for (let i = 0; i < 4; i++) compiled(x);
  const found = state();
  const rows = compiled.profile([x], 1)!.map(({ op: name }) => name);
  const updates = rows.indexOf("mul");
  expect(rows.slice(updates)).toEqual([
    ...Array.from({ length: 5 }, () => ["mul", "accumulate", "lerp"]).flat(),
    ...Array.from({ length: 5 }, () => "lerp"),
  ]);
  for (const norm of norms) {
    norm.runningMean.write(new Float32Array(24));
    norm.runningVar.write(new Float32Array(24).fill(1));
  }
  for (let i = 0; i < 4; i++) forward(x);
  expect(found).toEqual(state());
  backend.dispose();
});

it("leaves a program of independent instructions in one group", () => {
  const updates = Array.from({ length: 6 }, (_, i) => [
    op([view(i)], [view(20 + i)]),
    lerp(view(40 + i), view(20 + i)),
  ]).flat();
  expect(independentGroups(updates).length).toBe(6 + 1);
  expect(independentGroups(postponeUpdates(updates))).toEqual([
    { from: 0, to: 6 },
    { from: 6, to: 12 },
  ]);
});
