/** Curves against torch.optim.lr_scheduler (test/golden/optim), their composition, and the bits of the recipe's schedules. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { optim } from "../../src/index.js";

const { constant, cosine, exponential, linear, multiStep, oneCycle, polynomial, product, sequential, step } = optim;

type Curve = optim.Curve;
interface Coded {
  readonly kind: keyof typeof makers;
  readonly curves?: readonly Coded[];
  readonly milestones?: readonly number[];
  readonly value?: number;
}

const makers = {
  constant: ({ value }: Coded): Curve => constant(value!),
  linear: (options: unknown): Curve => linear(options as Parameters<typeof linear>[0]),
  cosine: (options: unknown): Curve => cosine(options as Parameters<typeof cosine>[0]),
  step: (options: unknown): Curve => step(options as Parameters<typeof step>[0]),
  multiStep: (options: unknown): Curve => multiStep(options as Parameters<typeof multiStep>[0]),
  polynomial: (options: unknown): Curve => polynomial(options as Parameters<typeof polynomial>[0]),
  exponential: (options: unknown): Curve => exponential(options as Parameters<typeof exponential>[0]),
  oneCycle: (options: unknown): Curve => oneCycle(options as Parameters<typeof oneCycle>[0]),
  sequential: ({ curves, milestones }: Coded): Curve => sequential(curves!.map(made), milestones!),
  product: ({ curves }: Coded): Curve => product(...curves!.map(made)),
};
const made = (coded: Coded): Curve => (makers[coded.kind] as (coded: Coded) => Curve)(coded);

interface ScheduleCase {
  readonly name: string;
  readonly curve: Coded;
  readonly rates: readonly number[];
}
const cases = JSON.parse(
  readFileSync(new URL("../golden/optim/schedules.json", import.meta.url), "utf8"),
) as readonly ScheduleCase[];

/** PyTorch multiplies its rates on from step to step, which rounds each time. */
const MOST_APART = 1e-13;

describe("curves", () => {
  for (const { name, curve, rates } of cases)
    it(`${name}, ${JSON.stringify(curve)}`, () => {
      const at = made(curve);
      expect(rates.length).toBe(41);
      rates.forEach((rate, time) => {
        expect(Math.abs(at(time) - rate), `${time}: ${at(time)}, expected ${rate}`).toBeLessThanOrEqual(MOST_APART);
      });
    });

  it("cover every scheduler of the fixture's script", () => {
    expect(new Set(cases.map(({ curve }) => curve.kind))).toEqual(
      new Set(Object.keys(makers).filter((kind) => kind !== "constant")),
    );
  });

  it("are defined before 0 and after their end", () => {
    const curves = [
      linear({ start: 0.1, length: 4 }),
      cosine({ start: 1, end: 0.1, length: 4 }),
      polynomial({ start: 1, length: 4, end: 0.2 }),
      oneCycle({ peak: 1, length: 10 }),
      exponential({ start: 1, gamma: 0.5 }),
      step({ start: 1, size: 2 }),
    ];
    for (const curve of curves) expect(curve(-3)).toBe(curve(0));
    expect(curves.slice(0, 3).map((curve) => curve(100))).toEqual([1, 0.1, 0.2]);
    expect(oneCycle({ peak: 1, length: 10 })(100)).toBeCloseTo(1 / 25 / 1e4, 15);
  });

  it("stay numbers where a length is 0", () => {
    expect(linear({ start: 0.1, length: 0 })(0)).toBe(1);
    expect(cosine({ start: 1, end: 0.3, length: 0 })(0)).toBeCloseTo(0.3, 15);
    expect(oneCycle({ peak: 1, length: 1, riseShare: 1 })(0)).toBe(1);
  });

  it("refuse what they cannot be made of", () => {
    expect(() => sequential([constant(1)], [3])).toThrow(/1 curves with milestones \[3\]/);
    expect(() => sequential([constant(1), constant(2), constant(3)], [5, 5])).toThrow(/rising milestones/);
    expect(() => oneCycle({ peak: 1, length: 0 })).toThrow(/length is 0/);
    expect(() => oneCycle({ peak: 1, length: 5, riseShare: 2 })).toThrow(/riseShare is 2/);
    expect(() => step({ start: 1, size: 0 })).toThrow(/size is 0/);
    expect(() => optim.phases()).toThrow(/0 schedules/);
    expect(() => optim.phases({ schedule: () => 1, untilEpoch: 3 })).toThrow(/no end of the last/);
  });
});

describe("schedules of epochs and iterations", () => {
  it("change over by either", () => {
    const { byEpoch, byIteration, phases } = optim;
    const rate = phases(
      { schedule: byIteration(linear({ start: 0, end: 10, length: 10 })), untilIteration: 5 },
      { schedule: byEpoch(step({ start: 1, size: 1, gamma: 0.5 }), 1), untilEpoch: 3 },
      { schedule: () => 7 },
    );
    const at = (epoch: number, iteration: number) => rate({ epoch, iteration });
    expect([at(0, 0), at(0, 4), at(0, 5), at(1, 10), at(2, 20), at(3, 30)]).toEqual([0, 4, 1, 1, 0.5, 7]);
  });

  it("give the recipe the bits that its closed forms always had", () => {
    // as they stood before there were curves
    const cosineOf = (start: number, end: number, at: number, length: number): number => {
      const share = length <= 0 ? 1 : Math.min(1, Math.max(0, at / length));
      return end + ((start - end) * (1 + Math.cos(Math.PI * share))) / 2;
    };
    for (const [warmupIterations, warmupEpochs, epochs] of [
      [25, 5, 300],
      [0, 0, 4],
      [1, 0.2, 3],
      [2, 0.5, 8],
    ] as const)
      for (let iteration = 0; iteration < 160; iteration++) {
        const [peak, floor, warmupFactor] = [0.1 / 3, 1e-6, 1e-3];
        const epoch = iteration % 2 === 0 ? Math.floor(iteration / 5) : iteration / 5;
        const share = warmupIterations === 1 ? 1 : iteration / (warmupIterations - 1);
        const expected =
          iteration < warmupIterations
            ? peak * (warmupFactor + (1 - warmupFactor) * share)
            : cosineOf(peak, floor, epoch - warmupEpochs, epochs - warmupEpochs);
        const schedule = { peak, floor, warmupFactor, warmupIterations, warmupEpochs, epochs };
        expect(optim.lrAt(schedule, { epoch, iteration })).toBe(expected);
        for (const base of [0, 1e-4])
          expect(optim.weightDecayAt({ floor: 1e-5, epochs }, base, epoch)).toBe(cosineOf(base, 1e-5, epoch, epochs));
      }
  });
});
