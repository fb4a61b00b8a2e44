/** SGD, Adam and AdamW in every combination of their options against torch.optim (test/golden/optim), eager and compiled. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Backend, withBackend } from "../../src/backends/backend.js";
import { referenceBackend } from "../../src/backends/reference/index.js";
import { createWasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import { compile, type DType, optim, type Tensor, tensor } from "../../src/index.js";
import type { Parameter } from "../../src/nn/index.js";
import { createOptimizer, type Optimizer, type OptimizerChoice, optimizerKinds } from "../../src/optim/index.js";
import { newArray } from "../../src/tensor/dtype.js";
import {
  gradientOf,
  halvedBefore,
  type Name,
  names,
  optimizerFixture,
  second,
  secondRates,
  startOf,
  steps,
} from "../golden/optim/optimizers.js";

const { cases } = optimizerFixture();
/** SGD's, of whose 32 torch refuses some. */
const FEWEST_COMBINATIONS = 20;
const MOST_APART = { float64: 1e-12, float32: 2e-5 } as const;

function filled(values: readonly number[], dtype: DType): Tensor {
  const array = newArray(dtype, values.length);
  array.set(values);
  return tensor(array, [values.length], { dtype });
}

/** After each step, so that the fixture's choice of steps stays its own. */
type Trace = readonly Readonly<Record<Name, readonly number[]>>[];

/** A run of all steps on the default backend; gradients are arguments of the step, which may be compiled. */
function run(choice: OptimizerChoice, dtype: "float32" | "float64", isCompiled: boolean) {
  const parameters = new Map(names.map((name) => [name as string, filled(startOf(name), dtype).keep()]));
  const group = (own: readonly Name[]) =>
    new Map(own.map((name): [string, Parameter] => [name, { tensor: parameters.get(name)!, role: "bias" }]));
  const optimizer = createOptimizer(
    [
      { name: "first", parameters: group(names.filter((name) => !second.includes(name))) },
      { name: "second", parameters: group(second), ...secondRates },
    ],
    choice,
  );
  const move = (gradients: Partial<Record<Name, Tensor>>): void => {
    for (const name of names) parameters.get(name)!.grad = gradients[name] ?? null;
    optimizer.step();
    for (const name of names) parameters.get(name)!.grad = null;
  };
  const step = isCompiled ? compile(move) : move;
  const trace: Record<string, readonly number[]>[] = [];
  for (let t = 0; t < steps; t++) {
    if (t === halvedBefore) for (const one of optimizer.groups) one.lr /= 2;
    const gradients = names.flatMap((name) => {
      const values = gradientOf(name, t);
      return values ? [[name, filled(values, dtype)] as const] : [];
    });
    step(Object.fromEntries(gradients));
    for (const [, gradient] of gradients) gradient.dispose();
    trace.push(Object.fromEntries([...parameters].map(([name, p]) => [name, [...p.dataSync()]])));
  }
  return { optimizer, trace: trace as unknown as Trace };
}

const slotsOf = (optimizer: Optimizer) =>
  [...optimizer.state().slots].flatMap(([slot, tensors]) =>
    [...tensors].map(([name, values]) => [slot, name, [...values.dataSync()]] as const),
  );

function expectClose(actual: readonly number[], expected: readonly number[], most: number, label: string): void {
  expect(actual.length, label).toBe(expected.length);
  actual.forEach((value, i) => {
    const apart = Math.abs(value - expected[i]!);
    expect(apart, `${label}[${i}]: ${value}, expected ${expected[i]}`).toBeLessThanOrEqual(
      most * Math.max(1, Math.abs(expected[i]!)),
    );
  });
}

describe.each(optimizerKinds)("%s, every combination of options", (kind) => {
  const own = cases.filter((one) => one.kind === kind);
  let wasm: Backend;
  beforeAll(() => {
    wasm = createWasmBackend({ threads: 1 });
  });
  afterAll(async () => {
    await wasm.dispose?.();
  });

  it("is a row of the fixture's script, and a class of the public face", () => {
    expect(own.length).toBeGreaterThanOrEqual(FEWEST_COMBINATIONS);
    const made = createOptimizer([tensor([1])], { kind, lr: 0.1, weightDecay: 0 } as OptimizerChoice);
    expect(Object.values(optim)).toContain(made.constructor);
  });

  for (const isCompiled of [false, true])
    it(`follows torch.optim for 50 steps of float64${isCompiled ? ", compiled" : ""}`, () =>
      withBackend(referenceBackend, () => {
        for (const { options, parameters, slots, steps: counts } of own) {
          const { optimizer, trace } = run({ kind, ...options } as OptimizerChoice, "float64", isCompiled);
          const label = JSON.stringify(options);
          for (const [after, lists] of Object.entries(parameters))
            for (const name of names)
              expectClose(
                trace[Number(after) - 1]![name],
                lists[name]!,
                MOST_APART.float64,
                `${label} ${after} ${name}`,
              );
          // PyTorch keeps no velocity without momentum
          const shown = slotsOf(optimizer).filter(([slot]) => slot in slots);
          expect(shown.length).toBe(Object.keys(slots).length * names.length);
          for (const [slot, name, values] of shown)
            expectClose(values, slots[slot]![name]!, MOST_APART.float64, `${label} ${slot} ${name}`);
          expect(Object.fromEntries(optimizer.state().steps), label).toEqual(counts);
          optimizer.dispose();
        }
      }));

  it("gives in float32 on wasm, eager and compiled, what the reference gives", async () => {
    for (const { options } of own) {
      const choice = { kind, ...options } as OptimizerChoice;
      const on = (backend: Backend, isCompiled: boolean) =>
        withBackend(backend, () => run(choice, "float32", isCompiled).trace);
      const expected = await on(referenceBackend, false);
      const eager = await on(wasm, false);
      expect(await on(wasm, true)).toEqual(eager);
      eager.forEach((values, step) => {
        for (const name of names)
          expectClose(
            values[name],
            expected[step]![name],
            MOST_APART.float32,
            `${JSON.stringify(options)} ${step} ${name}`,
          );
      });
    }
  });
});
