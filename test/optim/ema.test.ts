/** The moving average against recipe.md 4.6 and section 8; swapping; state. */
import { beforeAll, describe, expect, it } from "vitest";
import { liveStorage, setBackend, type Tensor, tensor } from "../../src/index.js";
import { Module } from "../../src/nn/index.js";
import { Ema } from "../../src/optim/index.js";

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
});
