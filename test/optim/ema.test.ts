/** The moving average against docs/recipe.md 3.6 and docs/recipe.md 7; swapping; state. */
import { beforeAll, describe, expect, it } from "vitest";
import { compile, liveStorage, setBackend, type Tensor, tensor } from "../../src/index.js";
import { Module } from "../../src/nn/index.js";
import { update } from "../../src/ops/apply.js";
import { Ema, warmMomentum } from "../../src/optim/index.js";

beforeAll(async () => {
  await setBackend("reference");
});

/** One parameter, one float buffer, one counter. */
class Three extends Module {
  readonly p = this.parameter("p", "bias", tensor(Float64Array.of(0)).keep());
  readonly b = this.buffer("b", tensor(Float64Array.of(0)).keep());
  readonly n = this.buffer("n", tensor(Int32Array.of(0)).keep());
  forward(x: Tensor): Tensor {
    return x;
  }
  set(p: number, b: number, n: number): void {
    this.p.write(Float64Array.of(p));
    this.b.write(Float64Array.of(b));
    this.n.write(Int32Array.of(n));
  }
  get values(): number[] {
    return [this.p.item(), this.b.item(), this.n.item()];
  }
}

/** One float32 parameter. */
class Module32 extends Module {
  readonly p = this.parameter("p", "bias", tensor(Float32Array.of(0)).keep());
  forward(x: Tensor): Tensor {
    return x;
  }
}

function averaged(): { model: Three; ema: Ema } {
  const model = new Three();
  const ema = new Ema(model);
  model.set(3, 7, 5);
  ema.update();
  model.set(5, 9, 6);
  ema.update();
  return { model, ema };
}

const averagesOf = (ema: Ema) => [...ema.state().averages.values()].map((t) => t.item());

describe("Ema", () => {
  it("copies first, then moves floats and freezes integers", () => {
    const model = new Three();
    const ema = new Ema(model);
    model.set(3, 7, 5);
    ema.update();
    expect(averagesOf(ema)).toEqual([3, 7, 5]);
    model.set(5, 9, 6);
    ema.update();
    const [p, b, n] = averagesOf(ema);
    expect(p).toBeCloseTo(3.001, 12);
    expect(b).toBeCloseTo(7.001, 12);
    expect(n).toBe(5);
    expect(ema.steps).toBe(2);
  });

  it("lends its averages to the model, parameters and buffers, and takes them back after an error", async () => {
    const { model, ema } = averaged();
    const before = liveStorage();
    const seen = await ema.withAverages(async () => model.values.map((v) => +v.toFixed(6)));
    expect(seen).toEqual([3.001, 7.001, 5]);
    expect(model.values).toEqual([5, 9, 6]);
    await expect(
      ema.withAverages(() => {
        throw new Error("evaluation failed");
      }),
    ).rejects.toThrow("evaluation failed");
    expect(model.values).toEqual([5, 9, 6]);
    expect(liveStorage()).toEqual(before);
  });

  it("does not update while swapped", () => {
    const { ema } = averaged();
    ema.swap();
    expect(() => ema.update()).toThrow(/swapped/);
  });

  it("continues from its state", () => {
    const { model, ema } = averaged();
    const other = new Three();
    const resumed = new Ema(other);
    resumed.loadState(ema.state());
    expect(averagesOf(resumed)).toEqual(averagesOf(ema));
    model.set(1, 2, 3);
    other.set(1, 2, 3);
    ema.update();
    resumed.update();
    expect(averagesOf(resumed)).toEqual(averagesOf(ema));
    expect(() => resumed.loadState({ steps: 1, averages: new Map() })).toThrow(/3 missing/);
  });

  it("refuses a momentum outside (0, 1]", () => {
    expect(() => new Ema(new Three(), { momentum: 0 })).toThrow(/momentum is 0/);
  });

  const warm = { momentum: 0.02, warmup: true, warmupStart: 3 };

  it("warms up after its start: at most a tenth, then 9 / (10 + updates), never below its momentum", () => {
    const at = (updates: number, start?: number) => warmMomentum(5e-4, updates, start);
    expect([0, 1, 80, 81, 152, 9000, 20_000].map((t) => at(t))).toEqual([
      ...[0.1, 0.1, 0.1, 9 / 91, 9 / 162, 9 / 9010, 5e-4],
    ]);
    expect([0, 37, 38, 150].map((t) => at(t, 38))).toEqual([5e-4, 5e-4, 0.1, 9 / 122]);
    expect(warmMomentum(0.5, 1)).toBe(0.5);
  });

  it("takes the momentum of each step, and goes on from its state", () => {
    const model = new Three();
    const ema = new Ema(model, warm);
    let expected = 0;
    for (let t = 0; t < 120; t++) {
      model.set(t % 7, t, t);
      ema.update();
      expected = t === 0 ? 0 : expected + warmMomentum(warm.momentum, t, warm.warmupStart) * ((t % 7) - expected);
      expect(averagesOf(ema)[0]).toBeCloseTo(expected, 12);
    }
    const resumed = new Ema(new Three(), warm);
    resumed.loadState(ema.state());
    for (const one of [ema, resumed]) one.update();
    // the other model holds zeros: both moved by the same share
    const [a, b] = [averagesOf(ema)[0]!, averagesOf(resumed)[0]!];
    const share = warmMomentum(warm.momentum, 120, warm.warmupStart);
    expect(a - b).toBeCloseTo(share * (119 % 7), 12);
  });
});

describe.each(["reference", "wasm"] as const)("Ema in a compiled step, on %s", (backend) => {
  it("reads the momentum anew at each replay", async () => {
    await setBackend(backend);
    const model = new Module32();
    const options = { momentum: 0.02, warmup: true, warmupStart: 2 };
    const ema = new Ema(model, options);
    const step = compile((x: Tensor) => {
      update("assign", [model.p, x], {});
      ema.update();
      return undefined;
    });
    let expected = 0;
    for (let t = 0; t < 100; t++) {
      const x = tensor(Float32Array.of(t % 5));
      step(x);
      x.dispose();
      expected = t === 0 ? 0 : expected + warmMomentum(0.02, t, 2) * ((t % 5) - expected);
      expect([...ema.averages.values()][0]!.item()).toBeCloseTo(expected, 5);
    }
    step.dispose();
    await setBackend("reference");
  });
});
