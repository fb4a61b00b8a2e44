/** Recorded updates join in few dispatches, in an order that nobody can tell from theirs; their scalars stay live. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Backend, withBackend } from "../../src/backends/backend.js";
import { createGpuBackend, type GpuBackend } from "../../src/backends/gpu/gpu-backend.js";
import { referenceBackend } from "../../src/backends/reference/index.js";
import { compile, randn, scope, type Tensor, type TypedArray } from "../../src/index.js";
import { update } from "../../src/ops/apply.js";
import { Scalar } from "../../src/ops/scalar.js";
import { relativeError } from "../conformance/numbers.js";
import { noDriver } from "./software-vulkan.js";

/** Sizes of a few lengths, so that members of one dispatch differ. */
const COUNT = 13;
const sizeOf = (i: number): number => [5, 700, 64, 1][i % 4]!;

/** Four calls of a function that updates `COUNT` tensors in many ways; what they hold afterwards, and dispatches of the last call. */
function results(backend: Backend): Promise<{ values: TypedArray[]; dispatches: number }> {
  return withBackend(backend, async () => {
    const make = (seed: number) =>
      Array.from({ length: COUNT }, (_, i) => randn([sizeOf(i)], { seed: seed + i }).keep());
    const [p, v, average] = [make(100), make(200), make(300)];
    const lr = new Scalar(0.1);
    const weight = new Scalar(0.25);
    const rates = { momentum: 0.9, weightDecay: 0.01, dampening: 0, nesterov: true, isFirst: false, maximize: false };
    const step = compile((x: Tensor) => {
      const grads = p.map((t) => t.mul(x));
      for (const [i, grad] of grads.entries()) update("sgd", [p[i]!, v[i]!, grad], { lr, ...rates });
      for (const [i, one] of average.entries()) update("lerp", [one, p[i]!], { weight });
      // each of these needs what the one before wrote, or writes what it read
      update("accumulate", [p[0]!, p[4]!], {});
      update("accumulate", [p[4]!, p[8]!], {});
      update("accumulate", [p[8]!, p[0]!], {});
      update("lerp", [average[0]!, p[0]!], { weight: 0.5 });
      const seen = average[0]!.mul(2);
      update("lerp", [average[0]!, v[0]!], { weight: 0.5 });
      update("lerp", [average[12]!, average[0]!], { weight: 0.5 });
      return seen;
    });
    const stats = (): number => (backend as GpuBackend).stats?.dispatches ?? 0;
    const seen: TypedArray[] = [];
    let dispatches = 0;
    for (let i = 0; i < 4; i++) {
      lr.value = 0.1 / (1 + i);
      weight.value = 0.25 / (1 + i);
      const x = randn([1], { seed: i });
      const before = stats();
      seen.push(await scope(() => step(x).data()));
      dispatches = stats() - before;
    }
    const values = [...seen];
    for (const t of [...p, ...v, ...average]) values.push(await t.data());
    step.dispose();
    return { values, dispatches };
  });
}

describe.skipIf(noDriver !== null)("joined updates", () => {
  let backend: GpuBackend;
  beforeAll(async () => {
    backend = await createGpuBackend();
  });
  afterAll(async () => {
    await backend.dispose();
  });

  it("leave what one by one would leave, with fewer dispatches than updates", async () => {
    const { values: expected } = await results(referenceBackend);
    const { values: actual, dispatches } = await results(backend);
    actual.forEach((values, i) => {
      expect(relativeError(values, expected[i]!)).toBeLessThanOrEqual(1e-5);
    });
    // 13 products, and 26 updates of two kinds that join
    expect(dispatches).toBeGreaterThan(COUNT);
    expect(dispatches).toBeLessThan(COUNT + 2 * COUNT);
  });
});
