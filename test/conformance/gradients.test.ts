/** Every differentiable op: its rule against central differences, in float64 on the reference backend. */
import { beforeAll, describe, expect, it } from "vitest";
import { gradients } from "../../src/autograd/gradients/index.js";
import { concat, gradcheck, reshape, setBackend, type Tensor, tensor } from "../../src/index.js";
import { apply } from "../../src/ops/apply.js";
import type { Attrs } from "../../src/ops/spec/index.js";
import { type Case, cases, dtypeOfInput, type GridOp } from "./cases/index.js";
import { valuesOf } from "./numbers.js";

/** The bar of the project for an op's gradient, in float64. */
const TOLERANCE = 1e-6;

beforeAll(async () => {
  await setBackend("reference");
});

/** Which inputs an op differentiates, by asking its rule which thunks it has: integers never. */
function check(op: GridOp, { inputs, attrs }: Case<Attrs<GridOp>>): Promise<number> {
  const float64Attrs = "dtype" in attrs ? { ...attrs, dtype: "float64" as const } : attrs;
  const tensors = inputs.map((spec, i) => {
    const dtype = dtypeOfInput(spec, "float64");
    const isMask = spec.fill === "mask" || typeof spec.fill === "object" || (op === "reluGrad" && i === 1);
    return tensor(valuesOf(spec, 7 + i, "float64"), spec.shape, {
      dtype,
      requiresGrad: dtype === "float64" && !isMask,
    });
  });
  const connected = gradients[op]?.connected ?? 1;
  const fn = (...xs: Tensor[]): Tensor => {
    const outputs = (apply(op, xs, float64Attrs as Attrs<GridOp>) as readonly Tensor[]).slice(0, connected);
    return outputs.length === 1 ? outputs[0]! : concat(outputs.map((y) => reshape(y, [-1])));
  };
  return gradcheck(fn, tensors, { tolerance: TOLERANCE });
}

describe("gradients", () => {
  for (const op of Object.keys(cases) as GridOp[]) {
    if (gradients[op] === null) continue;
    it(op, async () => {
      const small = (cases[op] as readonly Case<Attrs<GridOp>>[]).filter((c) => !c.isLarge);
      expect(small.length).toBeGreaterThan(0);
      let worst = 0;
      for (const one of small) worst = Math.max(worst, await check(op, one));
      expect(worst).toBeLessThanOrEqual(TOLERANCE);
    });
  }
});
