/** The schedules against the table of docs/recipe.md 3.5 and the golden values of docs/recipe.md 7. */
import { describe, expect, it } from "vitest";
import { type LearningRateSchedule, lrAt, weightDecayAt } from "../../src/optim/index.js";

const ITERATIONS_PER_EPOCH = 5005;
const rates: LearningRateSchedule = {
  peak: 0.1,
  floor: 1e-6,
  warmupIterations: 5 * ITERATIONS_PER_EPOCH,
  warmupFactor: 1e-3,
  warmupEpochs: 5,
  epochs: 300,
};
const decay = { floor: 1e-5, epochs: 300 };
const lrAtEpoch = (epoch: number) => lrAt(rates, { epoch, iteration: epoch * ITERATIONS_PER_EPOCH });

/** Epoch, lr, weight decay, weight decay of the norm group, as docs/recipe.md 3.5 prints them. */
const table = [
  [0, "1.0000e-4", "1.00000e-4", "0"],
  [1, "0.0200807984", "9.99975e-5", "2.742e-10"],
  [5, "0.1", "9.99383e-5", "6.852e-9"],
  [10, "0.0999291", "9.97535e-5", "2.739e-8"],
  [30, "0.0982384", "9.77975e-5", "2.447e-7"],
  [50, "0.0943677", "9.39711e-5", "6.699e-7"],
  [100, "0.0765213", "7.75e-5", "2.5e-6"],
  [150, "0.0513315", "5.5e-5", "5.0e-6"],
  [200, "0.0257732", "3.25e-5", "7.5e-6"],
  [250, "0.00692323", "1.60289e-5", "9.33013e-6"],
  [290, "2.84257e-4", "1.02465e-5", "9.97261e-6"],
  [298, "1.23406e-5", "1.00099e-5", "9.99890e-6"],
  [299, "3.83522e-6", "1.00025e-5", "9.99973e-6"],
] as const;

/** Half a unit of the last printed digit. */
function expectPrinted(value: number, printed: string): void {
  const [mantissa, exponent = "0"] = printed.split("e") as [string, string?];
  const digits = mantissa.split(".")[1]?.length ?? 0;
  const half = 0.5 * 10 ** (Number(exponent) - digits);
  expect(Math.abs(value - Number(printed)), `${value} against ${printed}`).toBeLessThanOrEqual(half * 1.0001);
}

describe("schedules", () => {
  for (const [epoch, lr, weightDecay, normDecay] of table)
    it(`epoch ${epoch}`, () => {
      expectPrinted(lrAtEpoch(epoch), lr);
      expectPrinted(weightDecayAt(decay, 1e-4, epoch), weightDecay);
      if (normDecay === "0") expect(weightDecayAt(decay, 0, epoch)).toBe(0);
      else expectPrinted(weightDecayAt(decay, 0, epoch), normDecay);
    });

  it("warms up by iteration", () => {
    const at = (iteration: number) => lrAt(rates, { epoch: Math.floor(iteration / ITERATIONS_PER_EPOCH), iteration });
    expect(at(0)).toBe(1e-4);
    expectPrinted(at(1), "1.0399216752e-4");
    expectPrinted(at(2503), "0.0100923953");
    expectPrinted(at(5004), "0.0200768063");
    expect(at(25_024)).toBeCloseTo(0.1, 15);
  });

  it("is constant within an epoch after warm-up", () => {
    expect(lrAt(rates, { epoch: 40, iteration: 200_201 })).toBe(lrAt(rates, { epoch: 40, iteration: 205_000 }));
  });

  it("serves short runs: no warm-up, one warm-up step, past the end", () => {
    const short = { ...rates, warmupIterations: 0, warmupEpochs: 0, epochs: 4 };
    expect(lrAt(short, { epoch: 0, iteration: 0 })).toBe(0.1);
    expect(lrAt(short, { epoch: 4, iteration: 40 })).toBeCloseTo(1e-6, 15);
    expect(lrAt({ ...short, warmupIterations: 1 }, { epoch: 0, iteration: 0 })).toBeCloseTo(0.1, 15);
    expect(lrAt(short, { epoch: 9, iteration: 90 })).toBeCloseTo(1e-6, 15);
  });
});
