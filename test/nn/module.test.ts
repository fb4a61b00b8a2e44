/** Names, modes, state dicts and their errors; initial values. */
import { beforeAll, describe, expect, it } from "vitest";
import { StateDictError, setBackend, tensor } from "../../src/index.js";
import { mobileoneInit } from "../../src/models/mobileone/init.js";
import { BatchNorm2d, Conv2d, initialize, Linear, Sequential } from "../../src/nn/index.js";
import { nearestName } from "../../src/util/nearest.js";

beforeAll(async () => {
  await setBackend("reference");
});

const small = () => new Sequential(new Conv2d(3, 4, { kernelSize: 3 }), new Sequential(new BatchNorm2d(4)));

describe("Module", () => {
  it("names entries in PyTorch's order: own parameters, own buffers, children", () => {
    expect([...small().stateDict().keys()]).toEqual([
      "0.weight",
      "0.bias",
      "1.0.weight",
      "1.0.bias",
      "1.0.running_mean",
      "1.0.running_var",
      "1.0.num_batches_tracked",
    ]);
    expect([...small().namedParameters().keys()]).toHaveLength(4);
    expect([...small().namedBuffers().keys()]).toHaveLength(3);
  });

  it("switches every module below", () => {
    const model = small();
    const modes = () => [...model.namedModules().values()].map((module) => module.training);
    expect(modes()).toEqual([true, true, true, true]);
    expect(model.eval().training).toBe(false);
    expect(modes()).toEqual([false, false, false, false]);
    model.train();
    expect(modes()).toEqual([true, true, true, true]);
  });

  it("copies a state dict, converting floats", () => {
    const [a, b] = [small(), small()];
    const doubles = new Map(
      [...a.stateDict()].map(([name, t]) => [
        name,
        t.dtype === "float32" ? tensor(Float64Array.from(t.dataSync()), t.shape) : t,
      ]),
    );
    b.loadStateDict(doubles);
    expect(b.stateDict().size).toBe(doubles.size);
    for (const [name, t] of b.stateDict()) expect(t.dataSync()).toEqual(a.stateDict().get(name)!.dataSync());
    a.loadStateDict(a.stateDict());
  });

  it("names every difference at once, with the nearest names, and writes nothing", () => {
    const model = small();
    const before = [...model.stateDict().get("0.bias")!.dataSync()];
    const dict = new Map(model.stateDict());
    dict.delete("1.0.running_mean");
    dict.set("1.0.runing_mean", tensor([1, 1, 1, 1]));
    dict.set("0.bias", tensor([9, 9, 9, 9]));
    dict.set("0.weight", tensor([1]));
    dict.delete("1.0.num_batches_tracked");
    let error: unknown;
    try {
      model.loadStateDict(dict);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(StateDictError);
    const { message } = error as Error;
    expect(message).toContain("1 missing: 1.0.running_mean (nearest: 1.0.runing_mean)");
    expect(message).toContain("1 unexpected: 1.0.runing_mean (nearest: 1.0.running_mean)");
    expect(message).toContain("1 misshapen: 0.weight is [1], expected [3, 3, 3, 4]");
    expect([...model.stateDict().get("0.bias")!.dataSync()]).toEqual(before);
  });

  it("finds near names only where they are near", () => {
    expect(nearestName("head.fc.wieght", ["head.fc.bias", "head.fc.weight"])).toBe("head.fc.weight");
    expect(nearestName("abc", ["backbone.stage0"])).toBeUndefined();
  });
});

describe("initialize", () => {
  const deviation = (values: ArrayLike<number>) =>
    Math.sqrt(Array.from(values).reduce((total, v) => total + v * v, 0) / values.length);

  it("draws as PyTorch's layers do: uniform within 1/√fan_in, biases too", () => {
    const depthwise = new Conv2d(256, 256, { kernelSize: 3, groups: 256 });
    const linear = new Linear(200, 100);
    const check = () => {
      for (const [{ weight, bias }, fanIn] of [[depthwise, 9] as const, [linear, 200] as const])
        for (const values of [weight.dataSync(), bias!.dataSync()]) {
          const [bound, largest] = [1 / Math.sqrt(fanIn), Math.max(...values.map(Math.abs))];
          expect(largest).toBeLessThanOrEqual(bound);
          expect(largest).toBeGreaterThan(0.95 * bound);
          expect((deviation(values) * Math.sqrt(3)) / bound).toBeCloseTo(1, 0);
        }
    };
    check();
    const before = depthwise.weight.dataSync().slice();
    initialize(new Sequential(depthwise, linear), { seed: 5 });
    expect(depthwise.weight.dataSync()).not.toEqual(before);
    check();
  });

  it("draws MobileOne with mmpretrain's deviations: fan_out not divided by groups, classifier 0.01", () => {
    const depthwise = new Conv2d(256, 256, { kernelSize: 3, groups: 256, bias: false });
    const pointwise = new Conv2d(256, 256, { kernelSize: 1, bias: false });
    const linear = new Linear(200, 100);
    const model = new Sequential(depthwise, pointwise, linear);
    initialize(model, { seed: 5, rules: mobileoneInit });
    // docs/recipe.md 1.5: 0.0295 and 0.0884
    expect(deviation(depthwise.weight.dataSync()) / 0.0295).toBeCloseTo(1, 1);
    expect(deviation(pointwise.weight.dataSync()) / 0.0884).toBeCloseTo(1, 1);
    expect(deviation(linear.weight.dataSync()) / 0.01).toBeCloseTo(1, 1);
    expect(deviation(linear.bias!.dataSync())).toBe(0);
  });

  it("gives parameter i the same values whatever comes before or after it", () => {
    const make = (width: number) => {
      const model = new Sequential(new Linear(2, width, { bias: false }), new Linear(4, 3));
      initialize(model, { seed: 1 });
      return [...model.stateDict().get("1.weight")!.dataSync()];
    };
    expect(make(2)).toEqual(make(7));
  });
});
