/** The loss scale: what grows it, what makes it fall, what is left out, and what a compiled step makes of it. */
import { describe, expect, it } from "vitest";
import { compile, nn, optim, rand, type Tensor, tensor } from "../../src/index.js";
import { UsageError } from "../../src/util/errors.js";

describe("GradScaler", () => {
  it("grows behind an interval of finite steps, falls at one that is not, and counts those left out", () => {
    const scaler = new optim.GradScaler({ initScale: 1024, growthInterval: 3 });
    const scales = [true, true, true, false, true, true, false, true].map((areFinite) => {
      expect(scaler.update(areFinite)).toBe(areFinite);
      return scaler.scaleNow;
    });
    expect(scales).toEqual([1024, 1024, 2048, 1024, 1024, 1024, 512, 512]);
    expect(scaler.skippedSteps).toBe(2);
    expect(scaler.state()).toEqual({ scale: 512, growthTracker: 1, skippedSteps: 2 });
  });

  it("begins with PyTorch's figures", () => {
    const scaler = new optim.GradScaler();
    expect(scaler.scaleNow).toBe(65536);
    for (let step = 0; step < 1999; step++) scaler.update(true);
    expect(scaler.scaleNow).toBe(65536);
    scaler.update(true);
    expect(scaler.scaleNow).toBe(131072);
  });

  it("goes on where its state stands", () => {
    const [one, other] = [new optim.GradScaler({ growthInterval: 4 }), new optim.GradScaler({ growthInterval: 4 })];
    for (const areFinite of [true, false, true, true]) one.update(areFinite);
    other.loadState(one.state());
    for (const areFinite of [true, true, false]) {
      one.update(areFinite);
      other.update(areFinite);
      expect(other.state()).toEqual(one.state());
    }
    expect(() => other.loadState({ scale: 0, growthTracker: 0, skippedSteps: 0 })).toThrow("scale is 0");
  });

  it.each([
    { initScale: 0 },
    { growthFactor: 1 },
    { backoffFactor: 1 },
    { growthInterval: 0.5 },
  ])("refuses %o", (options) => {
    expect(() => new optim.GradScaler(options)).toThrow(UsageError);
  });

  it("gives the gradients of the plain loss, and sees one that is not finite", () => {
    const model = new nn.Linear(4, 2);
    const x = rand([8, 4], { seed: 1 });
    const gradients = () => model.parameters().map(({ grad }) => [...grad!.dataSync()]);
    const clear = () => {
      for (const parameter of model.parameters()) parameter.grad = null;
    };
    model.forward(x).square().mean().backward();
    const plain = gradients();
    clear();
    const scaler = new optim.GradScaler();
    scaler.scale(model.forward(x).square().mean()).backward();
    expect(scaler.unscale(model.namedParameters()).item()).toBe(1);
    // by powers of two nothing is rounded
    expect(gradients()).toEqual(plain);
    clear();
    scaler.scale(model.forward(x.div(0)).square().mean()).backward();
    expect(scaler.unscale(model.namedParameters()).item()).toBe(0);
  });

  it("changes its factor without a new program", () => {
    const scaler = new optim.GradScaler({ growthInterval: 1 });
    const scaled = compile((x: Tensor) => scaler.scale(x));
    const values = Array.from({ length: 5 }, () => {
      const [value] = scaled(tensor([1])).dataSync();
      scaler.update(true);
      return value;
    });
    expect(values).toEqual([65536, 131072, 262144, 524288, 1048576]);
    expect(scaled.stats.recorded).toBeLessThanOrEqual(1);
  });
});
