/** Clipping against torch.nn.utils.clip_grad (test/golden/optim), inside a compiled step, and where a norm is no number. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CompileError, compile, liveStorage, optim, scope, setBackend, type Tensor, tensor } from "../../src/index.js";
import { gradientOf, names, optimizerFixture, startOf } from "../golden/optim/optimizers.js";

const { clips, cuts } = optimizerFixture();

beforeAll(async () => {
  await setBackend("reference");
});
afterAll(async () => {
  await setBackend("reference");
});

/** Parameters with the gradients of step 1, in which y has none. */
function parameters(): Map<string, Tensor> {
  return new Map(
    names.map((name) => {
      const p = tensor(Float64Array.from(startOf(name)), undefined, { requiresGrad: true });
      const gradient = gradientOf(name, 1);
      p.grad = gradient && tensor(Float64Array.from(gradient));
      return [name, p];
    }),
  );
}

describe("clipGradNorm", () => {
  for (const { maxNorm, normType, norm, gradients } of clips)
    it(`to ${maxNorm}, norm ${normType}`, () => {
      const all = parameters();
      const total = optim.clipGradNorm(all.values(), maxNorm, { normType: Number(normType) });
      expect(total.shape).toEqual([]);
      expect(Math.abs(total.item() - norm)).toBeLessThanOrEqual(1e-13 * norm);
      for (const [name, p] of all) {
        expect(p.grad === null).toBe(gradients[name] === undefined);
        [...(p.grad?.dataSync() ?? [])].forEach((value, i) => {
          expect(Math.abs(value - gradients[name]![i]!)).toBeLessThanOrEqual(1e-13);
        });
      }
    });

  it("works in place, also on parameters by name, and leaves nothing behind but the norm", () => {
    const p = tensor([3, 4], undefined, { requiresGrad: true });
    const gradient = tensor([3, 4]);
    p.grad = gradient;
    const before = liveStorage();
    scope(() => void optim.clipGradNorm(new Map([["p", { tensor: p, role: "bias" as const }]]), 1));
    expect(liveStorage()).toEqual(before);
    expect(p.grad).toBe(gradient);
    // 3 / (5 + 1e-6)
    expect([...gradient.dataSync()]).toEqual([0.6, 0.8].map((v) => expect.closeTo(v, 6)));
  });

  it("scales once what several parameters share, and counts it for each", () => {
    const [p, q, r] = [1, 2, 3].map((v) => tensor([v, v], undefined, { requiresGrad: true })) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    p.add(q)
      .add(r)
      .mul(tensor([3, 4]))
      .sum()
      .backward();
    const norm = optim.clipGradNorm([p, q, r], 1);
    expect(norm.item()).toBeCloseTo(5 * Math.sqrt(3), 6);
    for (const { grad } of [p, q, r])
      expect([...grad!.dataSync()]).toEqual([3, 4].map((v) => expect.closeTo(v / (5 * Math.sqrt(3)), 6)));
  });

  it("is 0 where there is no gradient", () => {
    expect(optim.clipGradNorm([tensor([1])], 1).item()).toBe(0);
  });

  it("spoils all gradients by a norm that is no number, or refuses it before one has changed", () => {
    const [p, q] = [tensor([1, 2]), tensor([3])];
    const reset = () => {
      p.grad = tensor([1, Number.NaN]);
      q.grad = tensor([2]);
    };
    reset();
    expect(optim.clipGradNorm([p, q], 1).item()).toBeNaN();
    expect(q.grad!.item()).toBeNaN();
    reset();
    expect(() => optim.clipGradNorm([p, q], 1, { errorIfNonfinite: true })).toThrow(
      /clipGradNorm: the norm of all gradients is NaN, expected a finite one/,
    );
    expect(q.grad!.item()).toBe(2);
  });

  it("refuses norms below 0", () => {
    expect(() => optim.clipGradNorm([], -1)).toThrow(/maxNorm is -1, expected at least 0/);
    expect(() => optim.clipGradNorm([], 1, { normType: 0 })).toThrow(/normType is 0, expected above 0/);
    expect(() => optim.clipGradNorm([], Number.NaN)).toThrow(/maxNorm is NaN/);
  });
});

describe("clipGradValue", () => {
  for (const { value, gradient } of cuts)
    it(`to ${value}`, () => {
      const p = parameters().get("w")!;
      optim.clipGradValue([p], value);
      expect([...p.grad!.dataSync()]).toEqual(gradient.map((v) => (v === 0 ? expect.closeTo(0, 300) : v)));
    });
  it("leaves NaN, and refuses a value below 0", () => {
    const p = tensor([0, 0]);
    p.grad = tensor([Number.NaN, Number.NEGATIVE_INFINITY]);
    optim.clipGradValue([p], 2);
    expect([...p.grad.dataSync()]).toEqual([Number.NaN, -2]);
    expect(() => optim.clipGradValue([p], -1)).toThrow(/value is -1, expected at least 0/);
  });
});

describe.each(["reference", "wasm"] as const)("clipping in a compiled step, on %s", (backend) => {
  it("gives the bits of eager steps, and the norm of each call", async () => {
    await setBackend(backend);
    const runOf = (isCompiled: boolean) => {
      const w = tensor(Float32Array.of(1, -2, 3), undefined, { requiresGrad: true });
      const v = tensor(Float32Array.of(0.5), undefined, { requiresGrad: true });
      const all = new Map([w, v].map((p, i) => [`p${i}`, { tensor: p, role: "bias" as const }]));
      const optimizer = new optim.AdamW(all, { lr: 0.1 });
      const body = (x: Tensor) => {
        w.mul(x).sum().mul(v.sum()).backward();
        const norm = optim.clipGradNorm(all, 0.5);
        optim.clipGradValue(all, 0.3);
        optimizer.step();
        optimizer.zeroGrad();
        return norm;
      };
      const step = isCompiled ? compile(body) : body;
      const seen: number[] = [];
      for (let i = 0; i < 6; i++) {
        const norm = scope(() => step(tensor(Float32Array.of(1 + i, 0.1, i % 2))));
        seen.push(norm.item(), ...w.dataSync(), ...v.dataSync());
      }
      return seen;
    };
    expect(runOf(true)).toEqual(runOf(false));
  });

  it("refuses to look at a norm that is not there yet", async () => {
    await setBackend(backend);
    const w = tensor([1], undefined, { requiresGrad: true });
    const step = compile(() => {
      w.square().sum().backward();
      optim.clipGradNorm([w], 1, { errorIfNonfinite: true });
    });
    expect(() => step()).toThrow(CompileError);
  });
});
