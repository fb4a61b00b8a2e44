/**
 * What a declaration makes of a call: the types are judged by the compiler (a line under `@ts-expect-error` must be an error),
 * the key, the order of the arguments and the scratch here.
 */
import { afterAll, describe, expect, it } from "vitest";
import { defineKernel, defineRangeKernel, list, specOf } from "../../src/backends/wasm/kernels/define-kernel.js";
import type { Kernel, Plan } from "../../src/backends/wasm/kernels/plan.js";
import { createWasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import { floatBits } from "../../src/wasm/index.js";

const backend = createWasmBackend({ threads: 2 });
afterAll(() => backend.dispose());

interface Call {
  readonly kernel: Kernel;
  readonly tasks: number;
  readonly args: readonly number[];
}
const SCRATCH_AT = 4096;
/** A plan that keeps what it is told, and the bytes of scratch asked for. */
function record(plan: (plan: Plan) => void): { calls: Call[]; scratchPerWorker: number[] } {
  const calls: Call[] = [];
  const scratchPerWorker: number[] = [];
  plan({
    target: backend.target,
    call: (kernel, tasks, args) => void calls.push({ kernel, tasks, args }),
    scratch: () => SCRATCH_AT,
    scratchPerWorker: (bytes) => {
      scratchPerWorker.push(bytes);
      return SCRATCH_AT;
    },
  });
  return { calls, scratchPerWorker };
}

interface Spec {
  readonly count: number;
  readonly step: { readonly name: string; readonly of: (i: number) => number };
}
const twice = { name: "twice", of: (i: number) => 2 * i };

/** to[i + task·count] = step(i) + scale + Σ froms, by way of scratch. */
const sample = defineKernel(
  {
    name: "test: sample",
    spec: specOf<Spec>(),
    args: ({ count }: Spec) => ({
      to: "pointer",
      scale: "float",
      froms: list(count, { pointer: "pointer", weight: "int" }),
      last: "int",
    }),
    scratchPerWorker: ({ count }) => 4 * count,
  },
  ({ f, spec: { count, step }, scratch }, task, { to, scale, froms, last }) => {
    const own = f.int(scratch);
    froms.forEach(({ pointer, weight }, i) => {
      const sum = f.loadFloat("f32", pointer).mul(weight.toFloat("f32")).add(scale).add(step.of(i));
      f.storeFloat(own, 4 * i, sum.add(last.toFloat("f32")));
    });
    f.copy(to.add(task.mul(4 * count)), own, 4 * count);
  },
);
const plain = defineRangeKernel(
  { name: "test: plain", args: { from: "pointer", to: "pointer" } },
  ({ f }, { begin, end }, { from, to }) =>
    f.for(begin, end, 1, (task) => f.storeInt(to.add(task.mul(4)), 0, f.loadInt(from.add(task.mul(4))))),
);

const spec: Spec = { count: 2, step: twice };
const froms = [
  { pointer: 8, weight: 3 },
  { pointer: 12, weight: 5 },
];

/** Never called: what must not compile. */
export function refused(plan: Plan): void {
  plain.call(plan, { tasks: 1, args: { from: 0, to: 0 } });
  // @ts-expect-error: an argument is missing
  plain.call(plan, { tasks: 1, args: { from: 0 } });
  // @ts-expect-error: an argument too many
  plain.call(plan, { tasks: 1, args: { from: 0, to: 0, bytes: 4 } });
  // @ts-expect-error: an argument of another name
  plain.call(plan, { tasks: 1, args: { from: 0, target: 0 } });
  // @ts-expect-error: positions instead of names
  plain.call(plan, { tasks: 1, args: [0, 0] });
  // @ts-expect-error: one code serves all calls
  plain.call(plan, { spec: { count: 2 }, tasks: 1, args: { from: 0, to: 0 } });
  sample.call(plan, { spec, tasks: 1, args: { to: 0, scale: 0.5, froms, last: 1 } });
  // @ts-expect-error: no spec
  sample.call(plan, { tasks: 1, args: { to: 0, scale: 0.5, froms, last: 1 } });
  // @ts-expect-error: a spec of another shape
  sample.call(plan, { spec: { count: 2 }, tasks: 1, args: { to: 0, scale: 0.5, froms, last: 1 } });
  // @ts-expect-error: a field of a list is missing
  sample.call(plan, { spec, tasks: 1, args: { to: 0, scale: 0.5, froms: [{ pointer: 8 }], last: 1 } });
  // @ts-expect-error: one value for a list
  sample.call(plan, { spec, tasks: 1, args: { to: 0, scale: 0.5, froms: 8, last: 1 } });
  // @ts-expect-error: scratch belongs to the kernel
  sample.call(plan, { spec, tasks: 1, args: { to: 0, scale: 0.5, froms, last: 1, scratch: 0 } });
  defineKernel({ name: "test: never", args: { from: "pointer", eps: "float" } }, ({ f }, _, args) => {
    // @ts-expect-error: an emitter sees no argument that is not declared
    f.loadInt(args.to);
    // @ts-expect-error: a float is no pointer
    f.loadInt(args.eps);
  });
  // @ts-expect-error: there are three types of arguments
  defineKernel({ name: "test: never", args: { from: "bytes" } }, () => {});
}

describe("a declared kernel", () => {
  it("sends its arguments in the order of the declaration, whatever the order of the call, and its scratch last", () => {
    const { calls, scratchPerWorker } = record((plan) =>
      sample.call(plan, { spec, tasks: 4, args: { last: 7, froms, scale: 0.5, to: 64 } }),
    );
    expect(calls[0]!.args).toEqual([64, floatBits(0.5), 8, 3, 12, 5, 7, SCRATCH_AT]);
    expect(calls[0]!.tasks).toBe(4);
    // whole cache lines
    expect(scratchPerWorker).toEqual([64]);
  });

  it("has a key of its name and of every number of its spec", () => {
    const keyOf = (own: Spec) =>
      record((plan) =>
        sample.call(plan, {
          spec: own,
          tasks: 1,
          args: { to: 0, scale: 0, froms: froms.slice(0, own.count), last: 0 },
        }),
      ).calls[0]!.kernel.key;
    const other = { name: "thrice", of: (i: number) => 3 * i };
    const keys = [spec, { ...spec, count: 1 }, { ...spec, step: other }].map(keyOf);
    expect(new Set(keys).size).toBe(3);
    for (const key of keys) expect(key).toMatch(/^test: sample /);
    expect(keyOf({ ...spec })).toBe(keys[0]);
    expect(record((plan) => plain.call(plan, { tasks: 1, args: { from: 0, to: 0 } })).calls[0]!.kernel.key).toBe(
      "test: plain",
    );
  });

  it("computes what its emitter says, each thread in scratch of its own", () => {
    const tasks = 500;
    const memory = backend.allocate("float32", 2 * tasks + 2);
    backend.write(memory, "float32", 2 * tasks, Float32Array.of(10, 20));
    const { pointer } = memory.block;
    const scratch = backend.allocate("uint8", 64 * backend.threads);
    const args = {
      to: pointer,
      scale: 0.25,
      froms: [8, 12].map((offset, i) => ({ pointer: pointer + 8 * tasks + offset - 8, weight: i + 1 })),
      last: 100,
    };
    const plan: Plan = {
      target: backend.target,
      call: (kernel, count, own) => backend.call(kernel, count, own),
      scratch: () => 0,
      scratchPerWorker: () => scratch.block.pointer,
    };
    sample.call(plan, { spec, tasks, args });
    const expected = Array.from({ length: tasks }, () => [10 + 0.25 + 0 + 100, 2 * 20 + 0.25 + 2 + 100]).flat();
    expect([...backend.readSync(memory, "float32", 0, 2 * tasks)]).toEqual(expected);
    for (const one of [memory, scratch]) backend.free(one);
  });

  it("refuses a list of another length than the spec says", () => {
    const call = (plan: Plan) =>
      sample.call(plan, { spec, tasks: 1, args: { to: 0, scale: 0, froms: froms.slice(1), last: 0 } });
    expect(() => record(call)).toThrow("test: sample: 1 values for froms, expected 2");
  });

  it("refuses a function in a spec that no name stands for: its key would not say which", () => {
    const nameless = defineKernel(
      { name: "test: nameless", spec: specOf<{ readonly of: () => void }>(), args: { to: "pointer" } },
      () => {},
    );
    const { calls } = record((plan) => nameless.call(plan, { spec: { of: () => {} }, tasks: 1, args: { to: 0 } }));
    expect(() => backend.call(calls[0]!.kernel, 1, [0])).toThrow(/test: nameless: .* function without a name/);
  });

  it("refuses scratch that was not declared, and a name that is taken", () => {
    const careless = defineKernel({ name: "test: careless", args: { to: "pointer" } }, ({ f, scratch }) => {
      f.int(scratch);
    });
    const { calls } = record((plan) => careless.call(plan, { tasks: 1, args: { to: 0 } }));
    expect(() => backend.call(calls[0]!.kernel, 1, [0])).toThrow(/test: careless: scratch is used/);
    expect(() => defineKernel({ name: "test: plain", args: {} }, () => {})).toThrow(/test: plain: .* already/);
  });
});
